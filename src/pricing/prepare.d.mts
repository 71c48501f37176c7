import type { CatalogIndex, CatalogProvider } from "./catalog.ts";

export function prepareCatalog(
  providers: readonly unknown[],
  packageName: string,
  fetchedAt: string | null,
): Array<[name: string, content: CatalogProvider | CatalogIndex]>;

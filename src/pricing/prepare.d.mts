import type { CatalogIndex } from "./catalog.ts";
import type { CatalogProvider } from "./provider.ts";

export function prepareCatalog(
  providers: readonly unknown[],
  packageName: string,
  fetchedAt: string | null,
): Array<[name: string, content: CatalogProvider | CatalogIndex]>;

export declare function bundle(entry: string): Promise<string>;

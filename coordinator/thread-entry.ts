// Where a worker thread's module is: beside its owner, as TypeScript under tsx and as JavaScript when built.

/** @param owner `import.meta.url` of the caller @param entry path without extension, such as './ingest.worker' */
export function threadEntry(owner: string, entry: string): URL {
  return new URL(entry + (owner.endsWith('.ts') ? '.ts' : '.js'), owner);
}

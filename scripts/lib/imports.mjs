/**
 * What a module, or its declarations, import.
 *
 * @param {string} text
 * @returns {{ specifier: string, erased: boolean }[]} `erased`: of types alone, so that nothing is loaded
 */
export function importsOf(text) {
  const found = text.matchAll(
    /^\s*(?:import|export)\s+(type\s)?[^'";]*?\bfrom\s+['"]([^'"]+)['"]|^\s*import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm,
  );
  return Array.from(found, ([, type, from, bare, dynamic]) => ({
    specifier: from ?? bare ?? dynamic ?? '',
    erased: type !== undefined,
  }));
}

/** `@temporalio/common/lib/time` is of the package `@temporalio/common`. */
export function packageOf(specifier) {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

// Glob patterns for paths: * and ? within a segment, ** across segments, [abc], [!a-z] and {one,two}.

const SPECIAL = /[*?[{]/;

export function isGlob(path: string): boolean {
  return SPECIAL.test(path);
}

/** The directory that holds every match: the path up to the last slash before the first special character. */
export function globRoot(pattern: string): string {
  const special = pattern.search(SPECIAL);
  const slash = pattern.lastIndexOf('/', special);
  if (slash < 0) return '.';
  return slash === 0 ? '/' : pattern.slice(0, slash);
}

function bracket(pattern: string, at: number): { readonly source: string; readonly next: number } | undefined {
  const negated = pattern[at + 1] === '!' || pattern[at + 1] === '^';
  const first = at + (negated ? 2 : 1);
  const close = pattern.indexOf(']', first + 1);
  if (close < 0 || pattern.slice(first, close).includes('/')) return undefined;
  const members = pattern.slice(first, close).replaceAll(/[\\\]^[&]/g, '\\$&');
  return { source: `(?!/)[${negated ? '^' : ''}${members}]`, next: close + 1 };
}

function translate(pattern: string): string {
  let source = '';
  let depth = 0;
  for (let at = 0; at < pattern.length;) {
    const char = pattern[at] as string;
    const set = char === '[' ? bracket(pattern, at) : undefined;
    if (set !== undefined) {
      source += set.source;
      at = set.next;
      continue;
    }
    if (pattern.startsWith('**/', at)) {
      source += '(?:[^/]+/)*';
      at += 3;
      continue;
    }
    if (pattern.startsWith('**', at)) {
      source += '.*';
      at += 2;
      continue;
    }
    if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '{' && pattern.includes('}', at)) {
      depth += 1;
      source += '(?:';
    } else if (char === '}' && depth > 0) {
      depth -= 1;
      source += ')';
    } else if (char === ',' && depth > 0) source += '|';
    else source += char.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
    at += 1;
  }
  return source;
}

/** A whole-path match. Unclosed brackets and braces stand for themselves. */
export function globMatcher(pattern: string): (path: string) => boolean {
  const source = translate(pattern);
  let matcher: RegExp;
  try {
    matcher = new RegExp(`^${source}$`, 'su');
  } catch {
    // Such as [z-a] or an unbalanced brace: no set of names, so the pattern is taken letter by letter.
    return (path) => path === pattern;
  }
  return (path) => matcher.test(path);
}

/** True when something below the directory could match, so that a walk need not go into every corner. */
export function globDescends(pattern: string): (directory: string) => boolean {
  // Alternatives with slashes have several depths.
  if (/\{[^}]*\//.test(pattern)) return () => true;
  const segments = pattern.split('/');
  const deep = segments.findIndex((segment) => segment.includes('**'));
  return (directory) => {
    const names = directory.split('/');
    if (deep < 0 && names.length >= segments.length) return false;
    // From ** on, everything may match.
    const known = deep < 0 ? names.length : Math.min(names.length, deep);
    return globMatcher(segments.slice(0, known).join('/'))(names.slice(0, known).join('/'));
  };
}

// What the tab runs in, in two words: for the operator's table, no more than every web server learns anyway.

/** In this order: most browsers also name those they descend from. */
const MARKS: readonly (readonly [RegExp, string])[] = [
  [/\bFirefox\/(\d+)/, 'Firefox'],
  [/\bEdg(?:A|iOS)?\/(\d+)/, 'Edge'],
  [/\bOPR\/(\d+)/, 'Opera'],
  [/\bSamsungBrowser\/(\d+)/, 'Samsung Internet'],
  [/\b(?:Headless)?Chrome\/(\d+)/, 'Chrome'],
  [/\b(?:CriOS|FxiOS)\/(\d+)/, 'iOS browser'],
  [/\bVersion\/(\d+)\S* (?:Mobile\/\S+ )?Safari\//, 'Safari'],
];

/** Such as "Firefox 153"; '' for a browser that none of the marks tells. */
export function browserName(userAgent: string): string {
  for (const [mark, name] of MARKS) {
    const version = mark.exec(userAgent)?.[1];
    if (version !== undefined) return `${name} ${version}`;
  }
  return '';
}

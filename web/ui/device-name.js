/** @file Says in a few words what browser and device a log-in is from, by what the browser said of itself. */

/** In this order: each of these also claims to be some of those after it. */
const BROWSERS = [
  [/\bEdg(?:A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Headless)?(?:Chrome|CriOS)\//, 'Chrome'],
  [/\bVersion\/.*\bSafari\//, 'Safari'],
];
const SYSTEMS = [
  [/\bAndroid\b/, 'Android'],
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];
const MAX_LENGTH = 60;

const named = (names, text) => names.find(([pattern]) => pattern.test(text))?.[1] ?? null;

/** @param {?string} userAgent @returns {string} such as `Firefox on Linux` */
export function deviceName(userAgent) {
  if (!userAgent) return 'Unknown device';
  const browser = named(BROWSERS, userAgent);
  const system = named(SYSTEMS, userAgent);
  if (browser && system) return `${browser} on ${system}`;
  // Programs mostly begin with their own name: `curl/8.5.0`.
  const program = userAgent.split(/[\s/(]/)[0].slice(0, MAX_LENGTH);
  return browser ?? system ?? (program || 'Unknown device');
}

// Adds terms to a query and takes them away again, as a click on a facet does.

// Whether the query has an "or" outside of brackets and quotes, so that a further term would belong
// to its last part alone.
function hasBareOr(q: string): boolean {
  let depth = 0;
  for (const word of words(q)) {
    if (depth === 0 && /^(or|\|\|)$/i.test(word)) return true;
    if (!word.includes('"'))
      depth += (word.match(/\(/g)?.length ?? 0) - (word.match(/\)/g)?.length ?? 0);
  }
  return false;
}

// Words between spaces; a quoted part belongs to its word.
export function words(q: string): string[] {
  return q.match(/(?:"[^"]*"?|[^\s"])+/g) ?? [];
}

export function hasTerm(q: string, term: string): boolean {
  return words(q).includes(term);
}

export function withoutTerm(q: string, term: string): string {
  return words(q)
    .filter((word) => word !== term)
    .join(' ');
}

export function withTerm(q: string, term: string): string {
  const rest = q.trim();
  if (!rest) return term;
  return `${hasBareOr(rest) ? `(${rest})` : rest} ${term}`;
}

// A click adds the term or takes it away; with `exclude` its negation. One replaces the other.
export function toggleTerm(q: string, term: string, exclude: boolean): string {
  const wanted = exclude ? '-' + term : term;
  const other = exclude ? term : '-' + term;
  if (hasTerm(q, wanted)) return withoutTerm(q, wanted);
  return withTerm(withoutTerm(q, other), wanted);
}

export function quoted(value: string): string {
  return /[\s()"]/.test(value) ? `"${value.replaceAll('"', '')}"` : value;
}

// The API counts columns and carets in bytes of UTF-8, the browser in UTF-16 units.
const encoder = new TextEncoder();

export function byteOffset(text: string, at: number): number {
  return encoder.encode(text.slice(0, at)).length;
}

export function unitOffset(text: string, bytes: number): number {
  let at = 0;
  let sum = 0;
  for (const character of text) {
    if (sum >= bytes) break;
    sum += encoder.encode(character).length;
    at += character.length;
  }
  return at;
}

import { expect, test } from 'vitest';
import { bytes, clock, duration, endpoint, parseTime, toIso } from '../src/lib/format';
import { byteOffset, quoted, toggleTerm, unitOffset, withTerm } from '../src/lib/query';

test('a click adds a term and takes it away', () => {
  expect(toggleTerm('', 'proto:tcp', false)).toBe('proto:tcp');
  expect(toggleTerm('sport:80 proto:tcp', 'proto:tcp', false)).toBe('sport:80');
});
test('excluding replaces including', () =>
  expect(toggleTerm('proto:tcp a:b', 'proto:tcp', true)).toBe('a:b -proto:tcp'));
test('a quoted word is one word', () =>
  expect(toggleTerm('sensor:"a b" x:y', 'sensor:"a b"', false)).toBe('x:y'));
test('a term joins all of an alternative', () =>
  expect(withTerm('a:1 or b:2', 'c:3')).toBe('(a:1 or b:2) c:3'));
test('brackets are enough', () => expect(withTerm('(a:1 or b:2)', 'c:3')).toBe('(a:1 or b:2) c:3'));
test('a value with spaces has quotes', () => expect(quoted('a "b"')).toBe('"a b"'));
test('columns are bytes there and units here', () => {
  expect(byteOffset('ü🦊x', 3)).toBe(6);
  expect(unitOffset('ü🦊x', 6)).toBe(3);
});

test('sizes have three digits', () =>
  expect([0, 520, 1290, 15_500, 132_832, 999_600].map(bytes)).toEqual([
    '0 B',
    '520 B',
    '1.29 kB',
    '15.5 kB',
    '133 kB',
    '1.00 MB',
  ]));
test('durations have the unit that fits', () =>
  expect(
    [0, 85_000, 1_204_000, 3_410_000_000, 125_000_000_000, 90_000_000_000_000].map(duration),
  ).toEqual(['0 s', '85.0 µs', '1.20 ms', '3.41 s', '2 min 05 s', '1 d 1 h']));
test('times keep their nanoseconds', () => {
  const iso = '2026-11-23T01:59:03.137562646Z';
  expect(toIso(parseTime(iso))).toBe(iso);
  expect(clock(iso, 6)).toBe('01:59:03.137562');
});
test('ports of IPv6 stand outside of brackets', () =>
  expect(endpoint('fd00::2', 80)).toBe('[fd00::2]:80'));

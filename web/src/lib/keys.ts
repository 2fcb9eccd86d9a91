// Keys, from anywhere but a field that one types in. A screen registers its own while it is shown;
// what was registered last is asked first.

export type Keymap = Record<string, (event: KeyboardEvent) => void>;

const maps: Keymap[] = [];

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
  );
}

// "j", "Enter", "Ctrl+f", "Alt+1"; Shift is in the letter itself.
function name(event: KeyboardEvent): string {
  const modifiers = (event.ctrlKey || event.metaKey ? 'Ctrl+' : '') + (event.altKey ? 'Alt+' : '');
  return modifiers + (modifiers ? event.key.toLowerCase() : event.key);
}

function handle(event: KeyboardEvent) {
  if (event.defaultPrevented || event.isComposing) return;
  const key = name(event);
  const typing = isTyping(event.target);
  // In a field a letter is a letter; only keys that no field uses go through.
  if (typing && !/^(Ctrl\+f|Alt\+\d)$/.test(key)) return;
  // Enter and space press what has the focus.
  if (
    (key === 'Enter' || key === ' ') &&
    event.target instanceof HTMLElement &&
    event.target.closest('button, a, summary, [role="option"]')
  )
    return;
  for (let at = maps.length - 1; at >= 0; at--) {
    const action = maps[at]![key];
    if (!action) continue;
    event.preventDefault();
    action(event);
    return;
  }
}

addEventListener('keydown', handle);

// For $effect: registers, and gives what takes it back.
export function useKeys(map: Keymap): () => void {
  maps.push(map);
  return () => void maps.splice(maps.indexOf(map), 1);
}

export const KEYS: { title: string; keys: [string, string][] }[] = [
  {
    title: 'Everywhere',
    keys: [
      ['/ or q', 'go to the query'],
      ['Alt+1 … Alt+5', 'go to a screen'],
      ['[ and ]', 'shift the time window'],
      ['- and +', 'widen and narrow it'],
      ['.', 'live on or off'],
      ['r', 'ask again'],
      ['t', 'light or dark'],
      ['?', 'these keys'],
    ],
  },
  {
    title: 'Flows',
    keys: [
      ['j k ↓ ↑', 'next, previous flow'],
      ['Enter or o', 'open it'],
      ['g and G', 'first, last that is loaded'],
      ['Esc', 'close the preview'],
      ['y', 'copy the link'],
      ['click, Shift+click', 'a facet: only these, none of these'],
    ],
  },
  {
    title: 'Conversation',
    keys: [
      ['l and h', 'next, previous turn'],
      ['j and k', 'next, previous flow of the list'],
      ['v', 'text, hex, decoded'],
      ['x', 'hex and back'],
      ['b', 'both, client, server'],
      ['f or Ctrl+F', 'find'],
      ['n and N', 'next, previous hit'],
      ['d', 'downloads'],
      ['y', 'copy the link'],
      ['Esc', 'back to the list'],
    ],
  },
];

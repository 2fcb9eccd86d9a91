// The page's whole state is its address: what is on screen can be copied, marked and gone back to.
// Everything is in the query of "/", so that the server has one page.

export const SCREENS = ['flows', 'icmp', 'talkers', 'health', 'import'] as const;
export type Screen = (typeof SCREENS)[number] | 'flow';

export interface Route {
  screen: Screen;
  q: string;
  from: string; // Nanoseconds since 1970, or empty.
  to: string;
  sort: string;
  sel: string; // Selected flow in the list.
  id: string; // Flow on the conversation screen.
  as: string; // text, hex, decoded
  side: string; // client, server, or empty for both
  find: string;
  at: string; // First chunk on screen, where not the first of the flow.
  by: string;
}

const EMPTY: Route = {
  screen: 'flows',
  q: '',
  from: '',
  to: '',
  sort: '',
  sel: '',
  id: '',
  as: '',
  side: '',
  find: '',
  at: '',
  by: '',
};
const ID = /^[0-9a-f]{32}$/;

function parse(search: string): Route {
  const params = new URLSearchParams(search);
  const route = { ...EMPTY };
  for (const name of Object.keys(EMPTY) as (keyof Route)[]) {
    const value = params.get(name);
    if (value !== null) (route as Record<string, string>)[name] = value;
  }
  const known: readonly string[] = [...SCREENS, 'flow'];
  if (!known.includes(route.screen)) route.screen = 'flows';
  if (!ID.test(route.id)) {
    route.id = '';
    if (route.screen === 'flow') route.screen = 'flows';
  }
  if (!ID.test(route.sel)) route.sel = '';
  if (!/^\d{1,19}$/.test(route.from)) route.from = '';
  if (!/^\d{1,19}$/.test(route.to)) route.to = '';
  if (!/^\d{1,9}$/.test(route.at)) route.at = '';
  return route;
}

function search(route: Route): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(route)) {
    if (value && value !== EMPTY[name as keyof Route]) params.set(name, value);
  }
  // Colons, commas and slashes may stand in a query as they are, and read better.
  const text = params.toString().replace(/%3A/g, ':').replace(/%2C/g, ',').replace(/%2F/g, '/');
  return text ? '?' + text : '';
}

export function href(change: Partial<Route>, base: Route = route.now): string {
  return '/' + search({ ...base, ...change });
}

class Router {
  now = $state.raw(parse(location.search));

  constructor() {
    addEventListener('popstate', () => (this.now = parse(location.search)));
  }

  // A step that "back" undoes; or, with `quiet`, one that it does not.
  go(change: Partial<Route>, quiet = false) {
    const next = { ...this.now, ...change };
    const address = '/' + search(next);
    if (address === location.pathname + location.search) return;
    if (quiet) history.replaceState(null, '', address);
    else history.pushState(null, '', address);
    this.now = next;
  }
}

export const route = new Router();

// Where "open this flow" leads; what the list shows stays in the address for the way back.
export function openFlow(id: string, change: Partial<Route> = {}): Partial<Route> {
  return { screen: 'flow', id, sel: id, as: '', side: '', find: '', at: '', ...change };
}

// A link that stays on the page when it is clicked without a modifier.
export function follow(change: Partial<Route>) {
  return (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
      return;
    event.preventDefault();
    route.go(change);
  };
}

// Light or dark: as the system says, or as chosen here. The chosen one is kept in the browser.

const KEY = 'dfc-theme';

class Theme {
  private system = $state(matchMedia('(prefers-color-scheme: dark)').matches);
  private chosen = $state(read());
  readonly dark = $derived(this.chosen ? this.chosen === 'dark' : this.system);

  constructor() {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', (event) => {
      this.system = event.matches;
      this.apply();
    });
    this.apply();
  }

  toggle() {
    this.chosen = this.dark ? 'light' : 'dark';
    store(this.chosen);
    this.apply();
  }

  private apply() {
    document.documentElement.dataset.theme = this.dark ? 'dark' : 'light';
  }
}

// Storage may be forbidden; then the choice lasts as long as the page.
function read(): string {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'dark' || value === 'light' ? value : '';
  } catch {
    return '';
  }
}

function store(value: string) {
  try {
    localStorage.setItem(KEY, value);
  } catch {
    return;
  }
}

export const theme = new Theme();

// A colour of app.css, for what is drawn on a canvas.
export function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

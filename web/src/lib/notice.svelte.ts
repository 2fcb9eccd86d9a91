// One line that says what a key or a button did, for as long as it takes to read it.

class Notice {
  text = $state('');
  private timer = 0;

  say(text: string) {
    this.text = text;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => (this.text = ''), 2500);
  }
}

export const notice = new Notice();

export async function copy(text: string, what: string) {
  try {
    await navigator.clipboard.writeText(text);
    notice.say(`${what} copied`);
  } catch {
    notice.say('The browser does not let this page copy.');
  }
}

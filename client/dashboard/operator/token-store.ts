// The operator's token for this tab's life, kept only when the operator ticked so.

const STORED = 'tributary.operator-token';

export const tokenStore = {
  read: (): string => {
    try {
      return sessionStorage.getItem(STORED) ?? '';
    } catch {
      // A browser set to keep nothing refuses even to look: then nothing was kept.
      return '';
    }
  },
  keep: (token: string): void => {
    try {
      sessionStorage.setItem(STORED, token);
    } catch {
      // Refused as above: the token lives as long as the page.
    }
  },
  forget: (): void => {
    if (tokenStore.read() !== '') sessionStorage.removeItem(STORED);
  },
};

import type {Surroundings} from '../surroundings.ts';

/** Asks for a text that must not be empty. Undefined when the person thinks better of it. */
export const askText = async (
  {stdin, stderr, signal}: Surroundings,
  message: string,
  colours: boolean,
): Promise<string | undefined> => {
  const {default: enquirer} = await import('enquirer');
  const {Input} = enquirer as unknown as {readonly Input: InputClass};
  const prompt = new Input({
    name: 'text',
    message,
    styles: {enabled: colours},
    stdin,
    stdout: stderr,
    validate: (text: string) => text.trim() !== '' || 'it must not be empty',
  });
  const forget = new AbortController();
  // On a terminal that is gone the prompt itself would never end.
  const stopped = new Promise<undefined>((resolve) => {
    const stop = (): void => {
      Promise.resolve(prompt.cancel()).catch(() => {});
      resolve(undefined);
    };
    signal.addEventListener('abort', stop, {once: true, signal: forget.signal});
  });
  try {
    return (await Promise.race([prompt.run(), stopped]))?.trim();
  } catch {
    return undefined;
  } finally {
    forget.abort();
  }
};

type InputClass = new (options: object) => {run(): Promise<string>; cancel(): unknown};

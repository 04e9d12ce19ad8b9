/** A command as a run can type it, where nobody sits at it; and what that leaves to a person. */
export const unattended = (text: string): {readonly command: string; readonly decide: readonly string[]} => {
  const followed = text.replace(/^(docker(?:-compose| compose)? logs\b.*?)\s(?:-f|--follow)\b/, '$1');
  const bare = followed.replace(/^sudo\s+(?:-E\s+)?(?=docker|curl|dig|consul)/, '');
  return {
    command: withoutTerminal(bare),
    decide: [
      ...(followed === text ? [] : ['it followed the log until it was stopped; the step reads what is there']),
      ...(bare === followed ? [] : ['"sudo" is left out: you need the right to do this yourself']),
    ],
  };
};

/** A command that ends needs no terminal, and a run has none. */
const withoutTerminal = (text: string): string => {
  if (!/^docker (run|exec)\b/.test(text) || /^docker run\b.*\s(-\w*d\w*|--detach)\b/.test(text)) return text;
  return text.replace(/^(docker (?:run|exec)(?:\s+--?[\w-]+(?:=\S+)?)*?)\s+(?:-it|-ti|-t|--tty)(?=\s)/, '$1');
};

import {pipeParts} from './shell-words.ts';

const READS = [
  /^(ls|cat|grep|egrep|ps|id|uname|df|du|free|whoami|hostname|date|uptime|which|whereis|file|stat|wc|head|tail|env|pwd|lsof|ss|netstat|ping|nslookup|host|dig|lsblk|lscpu|nproc|type)\b(?!.*\s-delete\b)/,
  /^(awk|cut|sort|uniq|tr|jq|column|json_pp|less|more|python3? -m json\.tool)\b/,
  /^sed (?!.*-i)/,
  /^command -v /,
  /^(?!docker\b.* run)\S+ (-v|-V|--version|version|-version|--help)$/,
  /^ip( -\S+)* (a|addr|address|route|r|link)( show\b.*)?$/,
  /^docker (version|info|ps|images|image ls|top|port|history|diff|inspect|volume ls|volume inspect|network ls|network inspect|service (ls|ps|inspect)|node ls|stack (ls|ps|services)|context ls|search|compose (ps|ls|images|config|logs)|logs (?!.*(-f\b|--follow)))/,
  /^docker-compose (ps|images|config|logs)\b(?!.*-f\b)/,
  /^docker run --rm \S+ (-v|--version)$/,
  /^docker-machine (ls|ip|status|inspect|url|version|config)\b/,
  /^kubectl( -n \S+)? (get|describe|version|cluster-info|logs|top|explain|api-resources|config (view|get-contexts|current-context))\b(?!.*(\s-w\b|--watch|\s-f\b))/,
  /^git (status|log|diff|show|remote -v|branch( -\w+)?$|ls-files|config --(get|list)|rev-parse|describe|blame|tag$)/,
  /^redis-cli\b.* (ping|get|exists|info|keys|llen|lrange|ttl|dbsize)\b/i,
  /^systemctl (status|is-active|is-enabled|list-\S+)\b/,
  /^(helm (list|ls|status|get|version)|minikube (status|ip|version)|consul (members|catalog|info|kv get|operator raft list-peers)|vault status|nomad (status|node status))\b/,
  /^(npm (ls|list|view)|pip3? (list|show|freeze)|ufw status|nginx -t|apt(-cache)? (list|search|show|policy)|dpkg -l)\b/,
];

/** Whether a line of shell only looks. What is not known for it does not. */
export const isReading = (text: string): boolean =>
  !/[;&<>`]|\$\(|\n|-exec\b|\btee\b/.test(text.replace(/2>(&1|\/dev\/null)/g, '')) &&
  pipeParts(text).every((part) => READS.some((pattern) => pattern.test(part.replace(/^sudo\s+/, ''))));

const EDITORS = /^(sudo\s+)?(nano|vi|vim|nvim|emacs|gedit|pico|code|subl|notepad)\b/;
const FOREVER =
  /^(sudo\s+)?(top|htop|watch|less|more|man|screen|tmux|docker attach|docker stats(?!.*--no-stream)|kubectl port-forward|kubectl proxy|kubectl edit|minikube dashboard|tail\b.* -[a-zA-Z]*f|docker(-| )compose up(?!.*\s(-d|--detach))|npm start|npm run dev|python3? -m http\.server|journalctl\b.* -f|kubectl\b.*(\s-w|--watch))\b/;
const SHELL = /(^|\/)(sh|bash|ash|zsh|fish|python3?|node|irb|psql|mysql|mongo|mongosh|redis-cli|sqlite3)$/;

/** Why nobody but a person can do this, if so: `session` when further lines are typed inside it. */
export const personOnly = (text: string): 'editor' | 'forever' | 'session' | undefined => {
  if (EDITORS.test(text)) return 'editor';
  if (FOREVER.test(text)) return 'forever';
  const words = text.replace(/^sudo\s+/, '').split(/\s+/);
  const [program = '', verb] = words;
  const last = words.at(-1) ?? '';
  if (program === 'docker' && (verb === 'run' || verb === 'exec') && /\s-(?!d)[a-z]*t[a-z]*\b|--tty/.test(text))
    return /\s(-[a-z]*d[a-z]*|--detach)\b/.test(text) ||
      !(SHELL.test(last) || words.filter((word) => !word.startsWith('-')).length < 4)
      ? undefined
      : 'session';
  if (program === 'kubectl' && verb === 'exec' && / -\w*i/.test(text) && SHELL.test(last)) return 'session';
  if (program === 'docker-machine' && verb === 'ssh' && words.length === 3) return 'session';
  if (program === 'ssh' && words.filter((word) => !word.startsWith('-')).length === 2) return 'session';
  if (/^(su|telnet|ftp|sftp|passwd)$/.test(program) && words.length < 4) return 'session';
  if (/^(psql|mysql|mongo|mongosh|redis-cli|python3?|node|irb|bash|sqlite3)$/.test(program) && words.length === 1)
    return 'session';
  return undefined;
};

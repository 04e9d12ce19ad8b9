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

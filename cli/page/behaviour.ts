/** What pages do: theme, copy, fold, keys. Without it a page is still whole. */
export const BEHAVIOUR = `
(() => {
  const root = document.documentElement, all = (selector) => [...document.querySelectorAll(selector)];
  const remember = (value) => { try { localStorage.setItem('runbook-theme', value); } catch {} };
  try { const theme = localStorage.getItem('runbook-theme'); if (theme) root.dataset.theme = theme; } catch {}
  const said = document.getElementById('said');
  const isDark = () => root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme:dark)').matches;
  const turn = () => { root.dataset.theme = isDark() ? 'light' : 'dark'; remember(root.dataset.theme); };
  const copyText = async (text) => {
    try { await navigator.clipboard.writeText(text); return true; } catch {}
    const area = Object.assign(document.createElement('textarea'), {value: text});
    area.style.position = 'fixed'; document.body.append(area); area.select();
    const done = document.execCommand('copy'); area.remove(); return done;
  };
  const copy = async (button) => {
    const done = await copyText(button.parentElement.querySelector('pre').textContent);
    button.textContent = done ? 'copied' : 'not allowed'; said.textContent = done ? 'command copied' : 'copying is not allowed here';
    setTimeout(() => { button.textContent = 'copy'; }, 1500);
  };
  const fold = () => { const list = all('details.output'), open = list.some((one) => !one.open); for (const one of list) one.open = open; };
  for (const button of all('.copy')) button.addEventListener('click', () => copy(button));
  document.getElementById('theme').addEventListener('click', turn);
  document.getElementById('fold').addEventListener('click', fold);
  const help = document.getElementById('help');
  document.getElementById('keys').addEventListener('click', () => help.showModal());
  const steps = all('.step');
  let at = -1;
  const go = (to) => {
    if (!steps.length) return;
    steps[at]?.classList.remove('current');
    at = Math.max(0, Math.min(steps.length - 1, to));
    steps[at].classList.add('current'); steps[at].scrollIntoView({block: 'start'}); steps[at].querySelector('h3').focus({preventScroll: true});
  };
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (event.key === 'j') go(at + 1);
    else if (event.key === 'k') go(at - 1);
    else if (event.key === 't') turn();
    else if (event.key === 'o') fold();
    else if (event.key === 'c' && steps[at]) { const button = steps[at].querySelector('.copy'); if (button) copy(button); }
    else if (event.key === '?') help.showModal();
  });
  const links = new Map(all('.contents a').map((link) => [link.getAttribute('href').slice(1), link]));
  if ('IntersectionObserver' in window) {
    const seen = new IntersectionObserver((entries) => {
      for (const entry of entries) if (entry.isIntersecting) {
        for (const link of links.values()) link.removeAttribute('aria-current');
        links.get(entry.target.id)?.setAttribute('aria-current', 'true');
      }
    }, {rootMargin: '0px 0px -75% 0px'});
    for (const step of steps) seen.observe(step);
  }
  const wide = matchMedia('(min-width:64rem)'), contents = document.querySelector('.contents details');
  const unfold = () => { contents.open = wide.matches; };
  wide.addEventListener('change', unfold); unfold();
  for (const box of all('.scroller')) {
    const first = box.querySelector('.node rect')?.getBoundingClientRect();
    if (first) box.scrollLeft = first.left + first.width / 2 - box.getBoundingClientRect().left - box.clientWidth / 2;
  }
  let opened = [];
  addEventListener('beforeprint', () => { opened = all('details.output:not([open])'); for (const one of opened) one.open = true; });
  addEventListener('afterprint', () => { for (const one of opened) one.open = false; });
})();
`.trim();

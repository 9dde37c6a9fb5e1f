// Words, numbers and days in one language.

const ours = new Map();

/** The words in the first of `wanted` that the site has, else in its own language. Asked once for each language. */
export function wordsIn(wanted, { base, site }) {
  const code = wanted.filter(Boolean).map((tag) => known(tag, site.languages)).find(Boolean) ?? site.language;
  if (!ours.has(code)) {
    const asked = import(`${base}/embed/words/${code}.js?v=${site.version}`).then((said) => new Words(said.default));
    ours.set(code, asked);
    asked.catch(() => ours.delete(code));
  }
  return ours.get(code);
}

function known(tag, languages) {
  const [language] = tag.toLowerCase().split(/[-_]/);
  return languages.find((code) => code.toLowerCase() === tag.toLowerCase()) ?? languages.find((code) => code === language);
}

export class Words {
  constructor({ lang, dir, formats, words }) {
    this.lang = lang;
    this.dir = dir;
    this.words = words;
    this.kinds = new Intl.PluralRules(lang);
    this.numbers = new Intl.NumberFormat(formats);
    this.days = new Intl.DateTimeFormat(formats, { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
    this.thisYear = new Intl.DateTimeFormat(formats, { day: "numeric", month: "long" });
    this.otherYear = new Intl.DateTimeFormat(formats, { day: "numeric", month: "long", year: "numeric" });
  }

  say(name, values = {}) {
    return fill(this.words[name] ?? name, values);
  }

  /** By number: "1 vote", "312 votes". */
  count(name, num, values = {}) {
    const forms = this.words[name] ?? {};
    return fill(forms[this.kinds.select(num)] ?? forms.other ?? name, { num: this.number(num), ...values });
  }

  number(num) {
    return this.numbers.format(num);
  }

  /** A moment as the reader's day, or a day as it is. */
  day(text) {
    if (/^\d{4}-\d\d-\d\d$/.test(text)) return this.days.format(new Date(text));
    const moment = new Date(text);
    const near = moment.getFullYear() === new Date().getFullYear();
    return (near ? this.thisYear : this.otherYear).format(moment);
  }
}

function fill(words, values) {
  return words.replace(/%\((\w+)\)s|%%/g, (found, name) => (name ? (values[name] ?? found) : "%"));
}

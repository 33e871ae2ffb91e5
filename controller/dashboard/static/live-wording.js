// This file puts what the line brings into words, as the server does on its pages.
const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86400;

const joined = (parts) => parts.filter(Boolean).join(" · ");

// A model that begins with its maker says both.
function made(maker, model) {
  const rest = model.slice(maker.length);
  const isNamed = model.slice(0, maker.length).toLowerCase() === maker.toLowerCase();
  if (isNamed && !/^[\p{L}\p{N}]/u.test(rest)) return model;
  return [maker, model].filter(Boolean).join(" ");
}

export class Wording {
  #words;
  #ago;
  #day;
  #clock;
  #whole;
  #fraction;

  constructor(words) {
    this.#words = words;
    const { locale, zone: timeZone } = words;
    const two = "2-digit";
    this.#ago = new Intl.RelativeTimeFormat(locale, { numeric: "always" });
    this.#day = new Intl.DateTimeFormat(locale, {
      timeZone,
      day: two,
      month: two,
      year: "numeric",
    });
    this.#clock = new Intl.DateTimeFormat(locale, {
      timeZone,
      hour: two,
      minute: two,
      hourCycle: "h23",
    });
    this.#whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
    this.#fraction = new Intl.NumberFormat(locale, {
      minimumFractionDigits: 1,
      maximumFractionDigits: 1,
    });
  }

  number(value) {
    if (value === null || value === undefined || value === "") return "?";
    if (typeof value === "string") return value;
    return (Number.isInteger(value) ? this.#whole : this.#fraction).format(value);
  }

  sentence({ code, value }) {
    const text = this.#words.reason[code];
    if (!text) return code || "";
    return text.replace("{value}", this.#words.kind[value] || this.number(value));
  }

  room(code) {
    return code === "?" ? this.#words.no_room : code;
  }

  // What a device told of itself.
  facts({ measures, reasons }) {
    if (!measures) return "";
    const { power, lamp, filter, picture } = this.#words;
    const isReason = reasons.some(({ code }) => code === `picture_${measures.picture}`);
    return joined([
      power[measures.power],
      measures.input,
      measures.lamp_hours && this.#counted(lamp, measures.lamp_hours),
      measures.filter_hours && this.#counted(filter, measures.filter_hours),
      !isReason && picture[measures.picture],
    ]);
  }

  #counted(text, count) {
    return text.replace("{n}", this.number(count));
  }

  device({ name, vendor, model, kind }) {
    return name || made(vendor, model) || this.#words.kind[kind];
  }

  kit({ kind, name, here, wanted }) {
    if (!kind) return `${name} ${this.#words.not_installed}`;
    return `${this.#words.kind[kind]} ${here}/${wanted}`;
  }

  lacking(count) {
    return count ? this.#counted(this.#words.lacking, count) : "";
  }

  broken(parts) {
    const names = parts.map((part) => this.#words.part[part]).join(", ");
    return names && this.#words.broken.replace("{parts}", names);
  }

  asleep(count) {
    return count ? this.#counted(this.#words.asleep, count) : "";
  }

  // A lesson in a row of words.
  lesson({ sheet, roll }) {
    if (!sheet) return this.#words.in_lesson;
    const period = sheet.period === null ? "" : this.#words.period.replace("{n}", sheet.period);
    const late = isUnconfirmed(sheet) && this.#words.unconfirmed;
    const parts = [sheet.classes.join("+"), sheet.subject, period, roll, late];
    return joined(parts) || this.#words.in_lesson;
  }

  lessonShort({ sheet, roll }) {
    if (!sheet || sheet.classes.length === 0) return this.#words.in_lesson;
    const rest = isUnconfirmed(sheet) ? this.#words.unconfirmed : roll;
    return `${sheet.classes.join("+")} ${rest}`.trim();
  }

  when(time) {
    const at = new Date(time);
    return `${this.#day.format(at)} ${this.#clock.format(at)}`;
  }

  // As short as it can be said: the hour of today, the day of this year.
  since(time, now) {
    const [day, hour] = this.when(time).split(" ");
    const [today] = this.when(now).split(" ");
    const short = day.slice(6) === today.slice(6) ? day.slice(0, 5) : day;
    return this.#words.since.replace("{when}", day === today ? hour : short);
  }

  ago(seconds) {
    const past = Math.max(0, Math.round(seconds));
    if (past < MINUTE_S) return this.#ago.format(-past, "second");
    if (past < HOUR_S) return this.#ago.format(-Math.floor(past / MINUTE_S), "minute");
    if (past < DAY_S) return this.#ago.format(-Math.floor(past / HOUR_S), "hour");
    return this.#ago.format(-Math.floor(past / DAY_S), "day");
  }
}

const isUnconfirmed = ({ how, confirmed }) => Boolean(how) && !confirmed;

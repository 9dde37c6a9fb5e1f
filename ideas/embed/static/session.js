// Asks the API in the name of nobody or of one person. What proves who that is lies in memory alone.

const PATIENCE = 10_000;
const EARLY = 60_000; // so long before its end a token is renewed
const LAST = 3_000; // a token that ends sooner is not sent any more
const LONGEST = 15 * 60_000;

/** Why something could not be done. kind: "away" (nobody answered), "refused" (with the problem that was answered),
 *  "sign-in" (nobody is signed in), "blocked" (the browser opened no window), "given-up" (the window was closed),
 *  "stopped" (not wanted any more). */
export class Trouble extends Error {
  constructor(kind, problem = null) {
    super(problem?.detail ?? kind);
    this.kind = kind;
    this.problem = problem;
  }

  get status() {
    return this.problem?.status ?? 0;
  }
}

/** Tells "person" whenever somebody else, or nobody, is signed in. */
export class Session extends EventTarget {
  #token = null;
  #ends = 0;
  #source = null; // the host's function that gives signed identities
  #once = null; // one that it gave by itself
  #renewing = null;
  #window = null;
  #timer = null;

  constructor({ base, board, key, lang }) {
    super();
    this.base = base;
    this.origin = new URL(base, location.href).origin;
    this.board = board;
    this.key = key;
    this.lang = lang;
    this.person = null;
    this.isByHost = false;
  }

  /** What the API answers. mine: only in a person's name, who signs in first if need be; call it straight from the
   *  click then, because browsers open windows for nothing else. name: an Idempotency-Key. */
  async ask(method, path, { body, name, mine = false, signal } = {}) {
    if (mine) await this.prove();
    else if (this.#source && this.#token && this.#left() < EARLY) await this.#renew().catch(() => this.#forget());
    const what = { body, name, signal };
    const used = this.#valid();
    let { status, data } = await this.#send(method, path, what, used ?? this.key);
    if (status === 401 && used) {
      await this.#exchangeFor(used);
      const fresh = this.#valid();
      if (mine && !fresh) throw new Trouble("sign-in");
      ({ status, data } = await this.#send(method, path, what, fresh ?? this.key));
      if (status === 401 && fresh) {
        this.#giveUp();
        if (mine) throw new Trouble("sign-in");
        ({ status, data } = await this.#send(method, path, what, this.key));
      }
    }
    if (status >= 500 || status === 429) throw new Trouble("away", data);
    if (status >= 400) throw new Trouble("refused", data);
    return data;
  }

  /** The address of something of this board. */
  path(where, asked = {}) {
    return `${where}?${new URLSearchParams({ board: this.board, ...asked })}`;
  }

  /** Somebody is signed in afterwards, by the host's word or in a window of the site's. */
  prove() {
    if (this.#valid() && !(this.#source && this.#left() < EARLY)) return Promise.resolve();
    return this.#source || this.#once ? this.#renew() : this.signIn();
  }

  /** given: a signed identity, or a function that fetches a fresh one whenever one is needed. */
  identify(given) {
    const token = typeof given === "object" && given ? given.token : given;
    if (typeof token === "function") this.#source = token;
    else if (typeof token === "string" && token) this.#once = token;
    else return Promise.reject(new TypeError("identify takes {token}, or a function that gives one"));
    return this.#renew();
  }

  signIn() {
    const state = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0"));
    const asked = new URLSearchParams({ board: this.board, origin: location.origin, state: state.join("") });
    this.#window?.();
    const opened = window.open(`${this.base}/embed/sign-in?${asked}`, "answerback-sign-in", "popup,width=480,height=720");
    if (!opened) return Promise.reject(new Trouble("blocked"));
    return new Promise((resolve, reject) => {
      const end = () => {
        window.removeEventListener("message", hear);
        clearInterval(watch);
        this.#window = null;
      };
      const hear = (event) => {
        if (event.origin !== this.origin || event.source !== opened) return;
        const said = event.data;
        if (said?.type !== "answerback:signed-in" || said.state !== asked.get("state")) return;
        if (typeof said.token !== "string") return;
        end();
        opened.close();
        this.#take(said, false);
        resolve();
      };
      const watch = setInterval(() => opened.closed && giveUp(), 500);
      const giveUp = () => {
        end();
        reject(new Trouble("given-up"));
      };
      this.#window = giveUp;
      window.addEventListener("message", hear);
    });
  }

  /** Here at once, at the site as soon as it hears of it. */
  async signOut() {
    const token = this.#valid();
    this.#source = this.#once = null;
    this.#window?.();
    this.#forget();
    if (token) await this.#send("DELETE", "embed/sessions/current", {}, token).catch(() => null);
  }

  #left() {
    return this.#ends - Date.now();
  }

  #valid() {
    return this.#token && this.#left() > LAST ? this.#token : null;
  }

  #renew() {
    this.#renewing ??= this.#exchange().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  /** Another token in the place of one that was refused; nobody is signed in any more when there is none. */
  async #exchangeFor(refused) {
    if (this.#token !== refused) return;
    this.#token = null;
    if (!this.#source) this.#forget();
    else await this.#renew().catch(() => this.#giveUp());
  }

  /** What the host says of who somebody is was refused as well: it is not asked over and over. */
  #giveUp() {
    this.#source = null;
    this.#forget();
  }

  async #exchange() {
    const asked = this.#once ?? Promise.resolve(this.#source({ board: this.board }));
    this.#once = null;
    // the host's own code may never answer
    const given = await Promise.race([asked, new Promise((done) => setTimeout(done, PATIENCE, null))]);
    const token = given?.token ?? given;
    if (typeof token !== "string") throw new Trouble("sign-in");
    const { status, data } = await this.#send("POST", "embed/sessions", { body: { board: this.board, token } }, this.key);
    if (status === 201) this.#take(data, true);
    else throw new Trouble(status >= 500 ? "away" : "refused", data);
  }

  #take({ token, expires_at: ends, person }, isByHost) {
    const left = Date.parse(ends) - Date.now();
    // clocks of browsers are wrong by hours at times; the site says 401 anyway once it has ended
    this.#ends = Date.now() + (left > 0 && left <= LONGEST ? left : LONGEST);
    this.#token = token;
    this.isByHost = isByHost;
    clearTimeout(this.#timer);
    if (!this.#source) this.#timer = setTimeout(() => this.#forget(), this.#left());
    const other = this.person?.id !== person?.id;
    this.person = person ?? {};
    if (other) this.dispatchEvent(new Event("person"));
  }

  #forget() {
    this.#token = null;
    clearTimeout(this.#timer);
    if (!this.person) return;
    this.person = null;
    this.dispatchEvent(new Event("person"));
  }

  async #send(method, path, { body, name, signal }, token) {
    const address = new URL(path, `${this.base}/api/v1/`);
    if (address.origin !== this.origin) throw new Trouble("away");
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    const abort = () => stop.abort();
    signal?.addEventListener("abort", abort);
    const headers = { "Accept-Language": this.lang };
    if (token) headers.Authorization = `Bearer ${token}`;
    if (body) headers["Content-Type"] = "application/json";
    if (name) headers["Idempotency-Key"] = name;
    try {
      const answer = await fetch(address, {
        method,
        headers,
        body: body && JSON.stringify(body),
        credentials: "omit",
        referrerPolicy: "strict-origin",
        signal: stop.signal,
      });
      const text = await answer.text();
      return { status: answer.status, data: text ? JSON.parse(text) : null };
    } catch {
      throw new Trouble(signal?.aborted ? "stopped" : "away");
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }
}

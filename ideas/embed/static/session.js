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

/** The signed identity, or the function that gets one, in what a page gave. */
export const tokenIn = (given) => (given && typeof given === "object" ? given.token : given);

/** Tells "person" whenever somebody else, or nobody, is signed in; "left" when that was their wish, or the page's. */
export class Session extends EventTarget {
  #token = null;
  #ends = 0;
  #source = null; // the host's function that gives signed identities
  #once = null; // one that it gave by itself
  #renewing = null;
  #turn = 0; // raised with each word on who somebody is: what was asked before it counts no more
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
    this.asks = null; // by a window of the site's who somebody is: comes with the first button that may need it
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
        if (this.#token === fresh) this.#giveUp();
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
  async prove() {
    if (!this.#renewing) {
      if (this.#valid() && !(this.#source && this.#left() < EARLY)) return;
      if (!this.#source) return this.signIn();
    }
    await this.#renew();
    if (!this.#valid()) throw new Trouble("sign-in");
  }

  /** given: a signed identity, or a function that fetches a fresh one whenever one is needed; null for nobody. */
  async identify(given) {
    const token = tokenIn(given);
    if (token === null) return this.signOut();
    const isSource = typeof token === "function";
    if (!isSource && (typeof token !== "string" || !token)) {
      throw new TypeError("identify takes {token}, or a function that gives one");
    }
    this.#overtake();
    this.#source = isSource ? token : null;
    this.#once = isSource ? null : token;
    try {
      await this.#renew();
    } catch (error) {
      this.#forget(); // the page means nobody who was here before
      throw error;
    }
  }

  async signIn() {
    this.#window?.();
    const said = await this.asks(this, (giveUp) => (this.#window = giveUp));
    this.#take(said, false);
  }

  /** Here at once, at the site as soon as it hears of it. */
  async signOut() {
    const token = this.#valid();
    this.#overtake();
    this.#source = this.#once = null;
    this.#window?.();
    this.#forget();
    this.dispatchEvent(new Event("left"));
    if (token) await this.#end(token);
  }

  #end(token) {
    return this.#send("DELETE", "embed/sessions/current", {}, token).catch(() => null);
  }

  #overtake() {
    this.#turn++;
    this.#renewing = null;
  }

  #left() {
    return this.#ends - Date.now();
  }

  #valid() {
    return this.#token && this.#left() > LAST ? this.#token : null;
  }

  #renew() {
    if (this.#renewing) return this.#renewing;
    const going = this.#exchange(this.#turn).finally(() => {
      if (this.#renewing === going) this.#renewing = null;
    });
    return (this.#renewing = going);
  }

  /** Another token in the place of one that was refused; nobody is signed in any more when there is none. */
  async #exchangeFor(refused) {
    if (this.#token !== refused) return;
    this.#token = null;
    if (!this.#source) this.#forget();
    else await this.#renew().catch(() => this.#giveUp());
  }

  /** The host names nobody who counts: it is not asked over and over, and the next click opens a window. */
  #giveUp() {
    this.#source = null;
    this.#forget();
  }

  /** Nobody is signed in afterwards when the host names nobody; who is named too late is not taken. */
  async #exchange(turn) {
    try {
      const asked = this.#once ?? this.#source({ board: this.board });
      this.#once = null;
      // the host's own code may never answer
      const late = new Promise((_done, fail) => setTimeout(fail, PATIENCE, new Trouble("away")));
      const token = tokenIn(await Promise.race([asked, late]));
      if (turn !== this.#turn) throw null;
      if (!token) return this.#giveUp();
      const { status, data } = await this.#send("POST", "embed/sessions", { body: { board: this.board, token } }, this.key);
      if (status !== 201) throw new Trouble(status >= 500 || status === 429 ? "away" : "refused", data);
      if (turn === this.#turn) return this.#take(data, true);
      this.#end(data.token);
    } catch (error) {
      if (turn === this.#turn) {
        if (error?.problem?.code === "team-not-signed-in") this.#forget(); // nor would they be by a window
        else if (error?.kind !== "away") this.#giveUp();
        throw error;
      }
    }
    await this.#renewing?.catch(() => null);
  }

  #take({ token, expires_at: ends, person }, isByHost) {
    const left = Date.parse(ends) - Date.now();
    // clocks of browsers are wrong by hours at times; the site says 401 anyway once it has ended
    this.#ends = Date.now() + (left > 0 && left <= LONGEST ? left : LONGEST);
    this.#token = token;
    this.isByHost = isByHost;
    clearTimeout(this.#timer);
    if (!this.#source) this.#timer = setTimeout(() => this.#forget(), this.#left());
    const other = !this.person || this.person.id !== person?.id;
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

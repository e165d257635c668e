/** WebSockets whose other end is the test. */
export function fakeSockets() {
  /** @type {FakeSocket[]} */
  const sockets = [];

  class FakeSocket {
    readyState = 0;
    /** @type {any[]} */
    sent = [];
    closedWith;
    onopen = null;
    onmessage = null;
    onclose = null;
    onerror = null;

    constructor(url, protocols) {
      this.url = url;
      this.protocols = protocols;
      sockets.push(this);
    }

    send(text) {
      if (this.readyState !== 1) throw new Error('not open');
      this.sent.push(typeof text === 'string' && text.startsWith('{') ? JSON.parse(text) : text);
    }

    close(code, reason) {
      this.readyState = 3;
      this.closedWith = { code, reason };
    }

    open() {
      this.readyState = 1;
      this.onopen?.({});
    }

    receive(frame) {
      this.onmessage?.({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) });
    }

    end(code = 1006, reason = '') {
      this.readyState = 3;
      this.onclose?.({ code, reason });
    }
  }

  return {
    WebSocket: FakeSocket,
    sockets,
    get last() {
      return sockets.at(-1);
    },
  };
}

export function connectedFrame(more = {}) {
  return { type: 'connected', connection: 'c1', user: null, pingInterval: 30_000, server: 'tidings', version: '0.1.0', subscriptions: [], ...more };
}

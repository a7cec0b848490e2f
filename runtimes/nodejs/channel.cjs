/*
 * Frames over a socket that this process was started with; the decision record 0012 describes them.
 *
 * Waiting for an invocation blocks the whole process, as the service freezes one that waits: what the function left behind goes on
 * during the next invocation.
 */
"use strict";

const fs = require("node:fs");

/** What the platform's variable says: the version of the frames, and the descriptor. */
const OFFER = "1:3";
const DESCRIPTOR = 3;
const GREETING = Buffer.from("\x01\0\0\x06\0\0\0\0LMBT\0\x01", "latin1");
const QUESTION = Buffer.from("\x02\0\0\0\0\0\0\0", "latin1");
const NOTHING = Buffer.alloc(0);
const RESPONSE = 3;
const ERROR = 4;
const INIT_ERROR = 5;
const INVOCATION = 0x81;
const REFUSED = 0x82;
const TOO_LARGE = 413;
/** Bytes of a frame before its fields, and of a request's id. */
const HEAD = 8;
const ID = 36;
/** The largest answer: of a larger one the beginning says enough. */
const LARGEST = 6_291_556;
/** Bytes that are read at a time, and what the memory for frames is again after a large one. */
const PIECE = 65_536;

class Channel {
  /** Answers go out whole, and waiting stops the event loop. */
  streams = false;
  sleeps = true;
  #said = false;
  #frames = Buffer.allocUnsafeSlow(PIECE);
  #start = 0;
  #end = 0;

  /** Whether this is what the platform offers, and it is there. */
  static fits(offer) {
    try {
      return offer === OFFER && fs.fstatSync(DESCRIPTOR).isSocket();
    } catch {
      return false;
    }
  }

  /** The next invocation. */
  next() {
    if (!this.#said) {
      this.#said = true;
      send(Buffer.concat([GREETING, QUESTION]));
    }
    for (;;) {
      const { kind, fields, payload, end } = this.#receive();
      this.#start = end;
      if (kind === INVOCATION) {
        return this.#invocation(fields, payload, end);
      }
      const status = kind === REFUSED ? this.#frames.readUInt16BE(fields) : undefined;
      if (status !== TOO_LARGE) {
        throw new Error(`the platform refused what this process said: ${this.#text(payload, end)}`);
      }
      // An answer was too large, and its caller has been told so.
    }
  }

  /** Answers an invocation and asks for the next one at once: the platform has no reason to wake this process before that. */
  respond(id, body) {
    send(frame(RESPONSE, `${id}application/json`, body, QUESTION));
  }

  /** The same with an error; the last of a process is no question. */
  fail(id, body, kind, last) {
    send(frame(ERROR, id + kind, body, last ? NOTHING : QUESTION));
  }

  /** Says why there will be no question. */
  initError(body, kind) {
    send(Buffer.concat([GREETING, frame(INIT_ERROR, kind, body, NOTHING)]));
  }

  #invocation(fields, payload, end) {
    const frames = this.#frames;
    let at = fields + ID;
    const deadline = Number(frames.readBigUInt64BE(at));
    at += 8;
    let text = at + 8;
    const texts = [0, 2, 4, 6].map((offset) => {
      const begin = text;
      text += frames.readUInt16BE(at + offset);
      return begin === text ? undefined : this.#text(begin, text);
    });
    const [arn, trace, client, identity] = texts;
    return { id: this.#text(fields, fields + ID), deadline, arn, trace, client, identity, body: this.#text(payload, end) };
  }

  #text(start, end) {
    return this.#frames.toString("utf8", start, end);
  }

  /** A whole frame: its kind, and where in the memory its parts begin. */
  #receive() {
    this.#compact();
    this.#fill(HEAD);
    const frames = this.#frames;
    const payload = HEAD + frames.readUInt16BE(2);
    const end = payload + frames.readUInt32BE(4);
    const kind = frames[0];
    this.#fill(end);
    return { kind, fields: HEAD, payload, end };
  }

  /** Reads until `size` bytes are there. */
  #fill(size) {
    if (size > this.#frames.length) {
      const larger = Buffer.allocUnsafeSlow(size);
      this.#frames.copy(larger, 0, 0, this.#end);
      this.#frames = larger;
    }
    while (this.#end < size) {
      const read = fs.readSync(DESCRIPTOR, this.#frames, this.#end, this.#frames.length - this.#end, null);
      if (read === 0) {
        throw new Error("the platform has gone");
      }
      this.#end += read;
    }
  }

  /** Moves what is left of earlier reads to the front. */
  #compact() {
    const left = this.#frames.subarray(this.#start, this.#end);
    if (this.#frames.length > PIECE && left.length <= PIECE) {
      this.#frames = Buffer.allocUnsafeSlow(PIECE);
    }
    this.#frames.set(left);
    [this.#start, this.#end] = [0, left.length];
  }
}

function frame(kind, fields, body, then) {
  const [middle, whole] = [Buffer.byteLength(fields), Buffer.byteLength(body)];
  const size = Math.min(whole, LARGEST + 1);
  const head = HEAD + middle;
  const bytes = Buffer.allocUnsafe(head + size + then.length);
  bytes.writeUInt32BE(((kind << 24) | middle) >>> 0, 0);
  bytes.writeUInt32BE(size, 4);
  bytes.write(fields, HEAD);
  if (size === whole) {
    bytes.write(body, head);
  } else {
    Buffer.from(body).copy(bytes, head, 0, size);
  }
  bytes.set(then, head + size);
  return bytes;
}

function send(bytes) {
  for (let sent = 0; sent < bytes.length; ) {
    sent += fs.writeSync(DESCRIPTOR, bytes, sent);
  }
}

module.exports = { Channel };

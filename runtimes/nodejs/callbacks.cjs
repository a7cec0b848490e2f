/*
 * Handlers as they could be until Node.js 22: besides a promise, they may answer by a callback or by the context's own methods.
 *
 * One that returns no promise and calls nothing answers null once the event loop is empty.
 */
"use strict";

/** Runs the handler; a promise of its one result. Whatever it calls after the first answer has no effect. */
function run(course, handler, event, members) {
  return new Promise((resolve, reject) => {
    let waits = true;
    let answered = false;
    const once = (end) => (...values) => {
      if (!answered) {
        answered = true;
        end(...values);
      }
    };
    const done = (error, result) => (isNothing(error) ? resolve(result) : reject(error));
    const callback = (error, result) => {
      if (isNothing(error) && waits) {
        course.whenIdle(() => resolve(result));
      } else {
        done(error, result);
      }
    };
    const fail = (error) => done(isNothing(error) ? "handled" : error);
    const context = withCallbacks(members, {
      waits: () => waits,
      setWaits: (value) => {
        waits = value;
      },
      succeed: once((result) => resolve(result)),
      fail: once(fail),
      done: once(done),
    });
    course.whenIdle(() => resolve(null));
    try {
      const result = handler(event, context, once(callback));
      if (typeof result?.then === "function") {
        result.then(context.succeed, context.fail);
      }
    } catch (error) {
      once(fail)(error);
    }
  });
}

function withCallbacks(members, { waits, setWaits, ...methods }) {
  const context = { ...methods, ...members };
  const accessor = { get: waits, set: setWaits, enumerable: true, configurable: true };
  return Object.defineProperty(context, "callbackWaitsForEmptyEventLoop", accessor);
}

function isNothing(value) {
  return value === undefined || value === null;
}

module.exports = { run };

export interface Task {
  run(): void;
}

/** Tasks that are run at once, as long as the turn is young. */
const AT_ONCE = 1_000;

/**
 * When the dispatcher calls: never on the stack of whoever publishes, so that no cascade grows it, and never for so long that
 * timers and sockets wait.
 */
export class Turns {
  #waiting: Task[] = [];
  #atOnce = 0;
  #counting = false;

  /** In the next turn of the event loop. */
  next(task: Task): void {
    if (this.#waiting.push(task) === 1) setImmediate(this.#run);
  }

  /** When the code that runs now has come to its end. */
  soon(task: Task): void {
    if (this.#atOnce >= AT_ONCE) {
      this.next(task);
      return;
    }
    this.#atOnce++;
    queueMicrotask(() => task.run());
    if (this.#counting) return;
    this.#counting = true;
    setImmediate(() => {
      this.#counting = false;
      this.#atOnce = 0;
    });
  }

  readonly #run = (): void => {
    const tasks = this.#waiting;
    this.#waiting = [];
    for (const task of tasks) task.run();
  };
}

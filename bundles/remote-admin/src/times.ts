/** How long things take; a test has less of it. */
export interface Times {
  /** s for which the center holds the question what is desired. */
  wait: number;
  /** ms; a question that was answered sooner is followed by a pause of about that. */
  pace: number;
  /** ms between two reports, about. */
  report: number;
  /** ms, first bound of the pause after a failure. */
  retry: number;
  /** ms before a center is asked again that does not let this gateway in. */
  denied: number;
  /** ms between two questions how the enrolment stands, given the s that the center wants. */
  retryAfter(seconds: number): number;
  /** A download that brings less is given up for now. */
  slowest: { bytes: number; milliseconds: number };
}

export const TIMES: Times = {
  wait: 30,
  pace: 3_000,
  report: 60_000,
  retry: 2_000,
  denied: 300_000,
  retryAfter: (seconds) => Math.max(1, seconds) * 1000,
  slowest: { bytes: 32 << 10, milliseconds: 30_000 },
};

/**
 * FinalizationRegistry for what is loaded while a program runs: programs of dates before 2025-05-05 do not have the global, so it is
 * taken before theirs is taken away.
 *
 * @module
 */

export const Registry = FinalizationRegistry;

/** A cursor file of which the head was used is no use after all: whoever used it begins anew, and reads it as a whole. */
export class DamagedCursors extends Error {}

/** Sums that were used are no use after all: whoever used them begins anew without any. */
export class SumsOfNoUse extends Error {}

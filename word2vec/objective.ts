// What a run trains: which rows meet in a dot product, and where the labels come from.

export interface Objective {
  /** Skip-gram: each context word's input row against the centre's targets. CBOW: the mean of the contexts' rows. */
  readonly model: 'skipgram' | 'cbow';
  /** The targets are the nodes of the centre's Huffman path, with a label each; else the centre itself and negatives. */
  readonly hs: boolean;
}

/** In the outputs of CBOW's pairs: a further context of the bag that the pair before belongs to. */
export const CONTINUES = 0xffffffff;

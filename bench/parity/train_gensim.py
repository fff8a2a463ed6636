"""Trains gensim's Word2Vec as the JSON argument says; bench/parity/gensim.ts calls it."""

import json
import sys

from gensim.models.word2vec import LineSentence, Word2Vec

given = json.loads(sys.argv[1])
hs = given["objective"] == "hs"
model = Word2Vec(
    LineSentence(given["corpus"], max_sentence_length=1000),
    vector_size=given["dim"],
    window=given["window"],
    negative=0 if hs else given["negative"],
    hs=int(hs),
    sg=int(given["objective"] != "cbow"),
    sample=given["sample"],
    min_count=given["minCount"],
    epochs=given["epochs"],
    alpha=given["alpha"],
    min_alpha=given["alpha"] * 1e-4,
    seed=given["seed"],
    workers=1,
)
model.wv.save_word2vec_format(given["out"], binary=True)

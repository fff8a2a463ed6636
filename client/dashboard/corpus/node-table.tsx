// Who gave the bytes, and which nodes failed how often and with which codes.
import type { JSX } from 'preact';
import type { CorpusNode } from '../../../protocol/corpus.ts';
import { count, timeOfDay } from '../../ui/format.ts';
import { Panel } from '../panel.tsx';
import { size } from './file-size.ts';

function NodeRow({ node }: { node: CorpusNode }): JSX.Element {
  const { role, failures } = node;
  return (
    <tr>
      <td>
        {role === 'files' ? "this machine's files" : <bdi>{node.node}</bdi>}
        {role === 'files' ? null : <span class="tag">{role}</span>}
      </td>
      <td class="number">{size(node.bytes)}</td>
      <td class={`number${failures > 0 ? ' alarming' : ''}`}>{count(failures)}</td>
      <td class="number">{count(node.retries)}</td>
      <td>{node.codes.map(({ code, count: times }) => `${code} × ${count(times)}`).join(', ') || '–'}</td>
      <td class="cell-error">
        {node.time === null ? (
          '–'
        ) : (
          <>
            <span class="muted">{timeOfDay(node.time)}</span> {node.last}
          </>
        )}
      </td>
    </tr>
  );
}

export function NodeTable({ nodes }: { nodes: readonly CorpusNode[] }): JSX.Element {
  const failures = nodes.reduce((sum, node) => sum + node.failures, 0);
  return (
    <Panel id="nodes-title" title="Nodes">
      <p class="muted">
        {nodes.length === 0
          ? 'Nothing has been read yet.'
          : failures === 0
            ? 'No attempt has failed since the start.'
            : `${count(failures)} failed attempts since the start. Each is tried again, elsewhere where there is a replica.`}
      </p>
      {nodes.length === 0 ? null : (
        <div class="table-frame" tabIndex={0} role="region" aria-label="Nodes, scrolls sideways">
          <table>
            <thead>
              <tr>
                <th scope="col">Node</th>
                <th scope="col" class="number">
                  Read
                </th>
                <th scope="col" class="number">
                  Failures
                </th>
                <th scope="col" class="number">
                  Retries
                </th>
                <th scope="col">By code</th>
                <th scope="col">Last failure</th>
              </tr>
            </thead>
            <tbody>
              {nodes.map((node) => (
                <NodeRow key={`${node.role} ${node.node}`} node={node} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

import type { AlignType, Nodes, Parents } from "mdast";
import { createElement, type ReactNode } from "react";
import { CodeBlock } from "./CodeBlock";
import { renderInline, type Context } from "./inline";
import css from "./MessageText.module.css";
import { parse, safeLink } from "./parse";

/** A text as elements. */
export const format = (text: string, context: Context): ReactNode => children(parse(text), context);

function children(parent: Parents, context: Context): ReactNode[] {
  return parent.children.map((node, index) => render(node, context, index));
}

function render(node: Nodes, context: Context, key: number): ReactNode {
  switch (node.type) {
    case "text":
      return <span key={key}>{renderInline(node.value, context)}</span>;
    case "paragraph":
      return <p key={key} dir="auto">{children(node, context)}</p>;
    case "heading":
      // Headings of a message are no headings of the page.
      return <p key={key} dir="auto" className={css["heading"]} data-depth={node.depth}>{children(node, context)}</p>;
    case "strong":
      return <strong key={key}>{children(node, context)}</strong>;
    case "emphasis":
      return <em key={key}>{children(node, context)}</em>;
    case "delete":
      return <del key={key}>{children(node, context)}</del>;
    case "inlineCode":
      return <code key={key} className={css["code"]}>{node.value}</code>;
    case "code":
      return <CodeBlock key={key} code={node.value} language={node.lang ?? null} />;
    case "blockquote":
      return <blockquote key={key} className={css["quote"]}>{children(node, context)}</blockquote>;
    case "list":
      return createElement(
        node.ordered ? "ol" : "ul",
        { key, ...(node.ordered && node.start !== null && node.start !== 1 ? { start: node.start } : {}) },
        children(node, context),
      );
    case "listItem":
      return <li key={key}>{children(node, context)}</li>;
    case "break":
      return <br key={key} />;
    case "thematicBreak":
      return <hr key={key} />;
    case "link":
      return <Anchor key={key} url={node.url}>{children(node, context)}</Anchor>;
    case "image":
      // Pictures of other servers are not loaded: that would tell them who reads.
      return <Anchor key={key} url={node.url}>{node.alt || node.url}</Anchor>;
    case "table":
      return <Table key={key} align={node.align ?? []} rows={node.children.map((row) => row.children.map((cell) => children(cell, context)))} />;
    case "html":
      return <span key={key}>{node.value}</span>;
    case "linkReference":
    case "imageReference":
      return <span key={key}>{node.type === "linkReference" ? children(node, context) : node.alt}</span>;
    case "definition":
    case "footnoteDefinition":
    case "footnoteReference":
    case "yaml":
      return null;
    default:
      return "children" in node ? <span key={key}>{children(node, context)}</span> : null;
  }
}

function Anchor({ url, children: content }: { url: string; children: ReactNode }) {
  const safe = safeLink(url);
  if (!safe) return <span>{content}</span>;
  return <a href={safe} target="_blank" rel="noopener noreferrer nofollow">{content}</a>;
}

function Table({ align, rows }: { align: AlignType[]; rows: ReactNode[][] }) {
  const [head = [], ...body] = rows;
  return (
    <div className={css["tableFrame"]} tabIndex={0} role="group">
      <table className={css["table"]}>
        <thead><tr>{head.map((cell, index) => <th key={index} scope="col" data-align={align[index]}>{cell}</th>)}</tr></thead>
        <tbody>
          {body.map((row, at) => <tr key={at}>{row.map((cell, index) => <td key={index} data-align={align[index]}>{cell}</td>)}</tr>)}
        </tbody>
      </table>
    </div>
  );
}

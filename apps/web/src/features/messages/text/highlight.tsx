import bash from "highlight.js/lib/languages/bash";
import cpp from "highlight.js/lib/languages/cpp";
import cssLanguage from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { createLowlight } from "lowlight";
import type { ReactNode } from "react";
import "./highlight.css";

const lowlight = createLowlight({
  bash, cpp, css: cssLanguage, diff, go, ini, java, javascript, json, python, rust, sql, typescript, xml, yaml,
});
lowlight.registerAlias({ bash: ["sh", "shell", "console"], ini: ["toml"], cpp: ["c"], typescript: ["tsx"], javascript: ["jsx"] });

type Tree = ReturnType<typeof lowlight.highlight>;
type Child = Tree["children"][number];

/** Colours code by building elements, never markup; unknown languages stay plain. */
export function highlight(code: string, language: string): ReactNode {
  const name = language.toLowerCase();
  if (!lowlight.registered(name)) return null;
  return lowlight.highlight(name, code).children.map(element);
}

function element(node: Child, key: number): ReactNode {
  if (node.type === "text") return node.value;
  if (node.type !== "element") return null;
  const names = node.properties["className"];
  return <span key={key} className={Array.isArray(names) ? names.join(" ") : undefined}>{node.children.map((child, index) => element(child as Child, index))}</span>;
}

import { i18n } from "@lingui/core";
import { afterEach } from "vitest";

// Texts show as they are written in the source; what is tested here is not their translation.
i18n.loadAndActivate({ locale: "en", messages: {} });
afterEach(() => localStorage.clear());

// First, because it sets the order of the layers.
import "./styles/global.css";
import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "./api/client";
import { activateLocale, firstLocale } from "./i18n";
import { router } from "./routes/router";
import { start } from "./state/session";
import { followTheme } from "./state/theme";
import { registerWorker } from "./state/worker";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, error) => count < 2 && error instanceof ApiError && (error.offline || error.status >= 500),
    },
  },
});

followTheme();
registerWorker();
void start();

async function show(): Promise<void> {
  await activateLocale(firstLocale());
  const root = document.getElementById("root");
  if (!root) return;
  createRoot(root).render(
    <StrictMode>
      <I18nProvider i18n={i18n}>
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </I18nProvider>
    </StrictMode>,
  );
}

void show();

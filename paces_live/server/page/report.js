// A report: the overview is in the page itself.

import { $ } from "./elements.js";
import { OverviewPage } from "./overview.js";

new OverviewPage(JSON.parse($("data").textContent));

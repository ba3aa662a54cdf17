// Starts the GOV.UK components: each page works without them.
import { initAll } from "./govuk-frontend.js";

initAll();

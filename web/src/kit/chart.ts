// ECharts with only the parts we draw, and our theme. Loaded when the first chart is shown.
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, TooltipComponent } from "echarts/components";
import { init, registerTheme, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import themes from "./echarts-theme.json";

use([BarChart, LineChart, AriaComponent, GridComponent, TooltipComponent, SVGRenderer]);
for (const [name, look] of Object.entries(themes.themes)) registerTheme(name, look);
export { init };

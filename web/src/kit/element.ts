// The parts of Element Plus we use, with their own styles and no others. A page imports them from here.
import "element-plus/es/components/select/style/css";
import "element-plus/es/components/option/style/css";
import "element-plus/es/components/date-picker/style/css";
import "element-plus/es/components/config-provider/style/css";
import zhCn from "element-plus/es/locale/lang/zh-cn";
import en from "element-plus/es/locale/lang/en";

export { ElConfigProvider, ElDatePicker, ElOption, ElSelect } from "element-plus";
export const elementWords = { zh: zhCn, en };

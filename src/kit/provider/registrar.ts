/** Where drivers are registered. */

import type { DriverDescriptor } from "../../ports/driver.ts";

/** Where drivers are registered: a `DriverRegistry`, or anything with its `register`. */
export interface DriverRegistrar {
  /** Takes a driver. */
  register(driver: DriverDescriptor): unknown;
}

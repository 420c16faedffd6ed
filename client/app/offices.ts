import { OfficeList } from '../offices/office-list.ts';
import { http } from './session.ts';

/** The offices with their services, for all pages. */
export const officeList = new OfficeList(() => http('GET /api/offices'));

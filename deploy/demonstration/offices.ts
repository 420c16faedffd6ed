import type { NewOffice, NewService } from '../../server/offices/new-office.ts';
import { slugSchema } from '../../server/platform/wire-schemas.ts';

const officeId = slugSchema<'office'>();
const serviceId = slugSchema<'service'>();

interface DemonstrationOffice extends Omit<NewOffice, 'services' | 'closedDays' | 'inboxRoot'> {
  /** Who the one-time links are for. */
  readonly staff: readonly { readonly role: 'official' | 'supervisor' | 'admin'; readonly displayName: string }[];
  readonly services: readonly Omit<NewService, 'hours' | 'lastAdmissionMinutes'>[];
}

/** Invented offices: numbers from the range reserved for fiction, streets that do not exist. */
export const demonstrationOffices: readonly DemonstrationOffice[] = [
  {
    officeId: officeId.parse('citizens-office'),
    name: { lb: 'Biergerzenter', fr: 'Bureau des citoyens', de: 'Bürgeramt', en: 'Citizens’ office', pt: 'Balcão do cidadão' },
    phone: '+352 20 00 01 00',
    address: '1, Rue du Modèle, L-0001 Musterduerf',
    staff: [
      { role: 'official', displayName: 'Claire Weber' },
      { role: 'supervisor', displayName: 'Marc Hoffmann' },
      { role: 'admin', displayName: 'Nadine Klein' },
    ],
    services: [
      {
        serviceId: serviceId.parse('driving-licence'),
        name: { lb: 'Führerschäin', fr: 'Permis de conduire', de: 'Führerschein', en: 'Driving licence', pt: 'Carta de condução' },
        summary: {
          lb: 'Ufroen, verlängeren, ëmtauschen oder ersetzen',
          fr: 'Demander, renouveler, échanger ou remplacer',
          de: 'Beantragen, verlängern, umtauschen oder ersetzen',
          en: 'Apply, renew, exchange or replace',
          pt: 'Pedir, renovar, trocar ou substituir',
        },
        keywords: ['permis', 'Führerschein', 'licence', 'license', 'carta', 'auto', 'voiture', 'car', 'drive'],
        letter: 'A',
        appointmentMinutes: 20,
        desks: 2,
      },
      {
        serviceId: serviceId.parse('identity-documents'),
        name: {
          lb: 'Pass an Identitéitskaart',
          fr: 'Passeport et carte d’identité',
          de: 'Reisepass und Personalausweis',
          en: 'Passport and identity card',
          pt: 'Passaporte e bilhete de identidade',
        },
        summary: {
          lb: 'Nei ufroen, e Verloscht mellen, Dauer a Präis',
          fr: 'Nouvelle demande, perte, délais et prix',
          de: 'Neu beantragen, Verlust melden, Dauer und Gebühren',
          en: 'New applications, losses, how long it takes and what it costs',
          pt: 'Novos pedidos, perda, prazos e preços',
        },
        keywords: ['Pass', 'passport', 'passeport', 'passaporte', 'Ausweis', 'ID', 'identité', 'Perso'],
        letter: 'B',
        appointmentMinutes: 20,
        desks: 2,
      },
      {
        serviceId: serviceId.parse('residence'),
        name: {
          lb: 'Umeldung an Adressännerung',
          fr: 'Déclaration d’arrivée et changement d’adresse',
          de: 'Anmeldung und Adressänderung',
          en: 'Registering and changing your address',
          pt: 'Registo de residência e mudança de morada',
        },
        summary: {
          lb: 'Plënneren, ukommen, fortgoen, Wunnsëtzcertificat',
          fr: 'Déménagement, arrivée, départ, certificat de résidence',
          de: 'Umzug, Zuzug, Wegzug, Wohnsitzbescheinigung',
          en: 'Moving, arriving, leaving, certificate of residence',
          pt: 'Mudança de casa, chegada, partida, certificado de residência',
        },
        keywords: ['Adress', 'address', 'adresse', 'morada', 'Umzug', 'move', 'déménagement', 'résidence', 'Wunnsëtz', 'certificate'],
        letter: 'C',
        appointmentMinutes: 15,
        desks: 1,
      },
    ],
  },
  {
    officeId: officeId.parse('health-fund'),
    name: { lb: 'Gesondheetskeess', fr: 'Caisse de maladie', de: 'Gesundheitskasse', en: 'Health insurance fund', pt: 'Caixa de saúde' },
    phone: '+352 20 00 02 00',
    address: '7, Avenue de l’Exemple, L-0002 Beispillstad',
    staff: [
      { role: 'official', displayName: 'João Ferreira' },
      { role: 'supervisor', displayName: 'Anne Schmit' },
      { role: 'admin', displayName: 'Paul Thill' },
    ],
    services: [
      {
        serviceId: serviceId.parse('reimbursement'),
        name: { lb: 'Remboursement', fr: 'Remboursement', de: 'Kostenerstattung', en: 'Reimbursement', pt: 'Reembolso' },
        summary: {
          lb: 'Rechnunge vum Dokter, vun der Apdikt oder aus dem Spidol',
          fr: 'Factures du médecin, de la pharmacie ou de l’hôpital',
          de: 'Rechnungen von Arzt, Apotheke oder Krankenhaus',
          en: 'Bills from doctors, pharmacies or hospitals',
          pt: 'Faturas de médicos, farmácias ou hospitais',
        },
        keywords: ['Rechnung', 'facture', 'bill', 'invoice', 'fatura', 'Dokter', 'médecin', 'doctor', 'reimburse'],
        letter: 'R',
        appointmentMinutes: 15,
        desks: 2,
      },
      {
        serviceId: serviceId.parse('insurance-card'),
        name: {
          lb: 'Versécherungskaart',
          fr: 'Carte d’assurance maladie',
          de: 'Versichertenkarte',
          en: 'Health insurance card',
          pt: 'Cartão de seguro de saúde',
        },
        summary: {
          lb: 'Nei Kaart, Kaart verluer, europäesch Kaart fir d’Vakanz',
          fr: 'Nouvelle carte, carte perdue, carte européenne pour les vacances',
          de: 'Neue Karte, verlorene Karte, europäische Karte für den Urlaub',
          en: 'New card, lost card, European card for holidays',
          pt: 'Novo cartão, cartão perdido, cartão europeu para férias',
        },
        keywords: ['Kaart', 'carte', 'Karte', 'card', 'cartão', 'EHIC', 'CEAM', 'Vakanz', 'vacances'],
        letter: 'S',
        appointmentMinutes: 10,
        desks: 1,
      },
      {
        serviceId: serviceId.parse('sick-leave'),
        name: { lb: 'Krankeschäin', fr: 'Certificat de maladie', de: 'Krankmeldung', en: 'Sick leave', pt: 'Baixa médica' },
        summary: {
          lb: 'Krankeschäin eraschécken, Froen zum Krankegeld',
          fr: 'Envoi d’un certificat, questions sur l’indemnité de maladie',
          de: 'Krankmeldung einreichen, Fragen zum Krankengeld',
          en: 'Send a certificate, questions about sick pay',
          pt: 'Envio de um atestado, perguntas sobre o subsídio de doença',
        },
        keywords: ['krank', 'malade', 'sick', 'doente', 'Krankeschäin', 'certificat', 'Attest'],
        letter: 'T',
        appointmentMinutes: 15,
        desks: 1,
      },
    ],
  },
];

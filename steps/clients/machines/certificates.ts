import {createPrivateKey, type KeyObject, type webcrypto, X509Certificate} from 'node:crypto';
import type {Certificate, Extension} from 'pkijs';

/** A certificate and the key that it speaks for, as PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate is for. */
export interface Wanted {
  readonly commonName: string;
  readonly days: number;
  readonly uses: readonly ('server' | 'client')[];
  /** Names and IPv4 or IPv6 addresses that a server answers under. */
  readonly addresses?: readonly string[];
}

const DAY_MS = 86_400_000;
// Clocks of a host and its machines differ a little.
const SKEW_MS = 3_600_000;
const OID = {
  commonName: '2.5.4.3',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  alternativeNames: '2.5.29.17',
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
} as const;
// Bits of keyUsage, from the left.
const SIGNS_CERTIFICATES = 0b0000_0110;
const SIGNS = 0b1000_0000;
const CURVE = {name: 'ECDSA', namedCurve: 'P-256'};

const pem = (label: string, bytes: ArrayBuffer): string => {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
};

// Only who makes certificates waits for the library.
const libraries = async () => {
  const [pki, asn] = await Promise.all([import('pkijs'), import('asn1js')]);
  pki.setEngine('node', new pki.CryptoEngine({name: 'node', crypto: globalThis.crypto}));
  return {pki, asn};
};
type Libraries = Awaited<ReturnType<typeof libraries>>;

const name = ({pki, asn}: Libraries, commonName: string) => [
  new pki.AttributeTypeAndValue({type: OID.commonName, value: new asn.Utf8String({value: commonName})}),
];

const serialNumber = ({asn}: Libraries) => {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40; // positive, and never shorter
  return new asn.Integer({valueHex: bytes.buffer});
};

const extension = ({pki}: Libraries, extnID: string, critical: boolean, value: {toBER(): ArrayBuffer}): Extension =>
  new pki.Extension({extnID, critical, extnValue: value.toBER()});

const keyUsage = (all: Libraries, bits: number): Extension => {
  const {asn} = all;
  const unusedBits = bits === SIGNS ? 7 : 1;
  return extension(all, OID.keyUsage, true, new asn.BitString({valueHex: new Uint8Array([bits]).buffer, unusedBits}));
};

const addressBytes = (address: string): ArrayBuffer | undefined =>
  /^\d+(\.\d+){3}$/.test(address) ? new Uint8Array(address.split('.').map(Number)).buffer : undefined;

const alternativeName = ({pki, asn}: Libraries, address: string) => {
  const bytes = addressBytes(address);
  return bytes === undefined
    ? new pki.GeneralName({type: 2, value: address})
    : new pki.GeneralName({type: 7, value: new asn.OctetString({valueHex: bytes})});
};

const authorityExtensions = (all: Libraries): Extension[] => [
  extension(all, OID.basicConstraints, true, new all.pki.BasicConstraints({cA: true}).toSchema()),
  keyUsage(all, SIGNS_CERTIFICATES),
];

const leafExtensions = (all: Libraries, {uses, addresses = []}: Wanted): Extension[] => {
  const purposes = new all.pki.ExtKeyUsage({keyPurposes: uses.map((use) => OID[use])});
  const names = new all.pki.GeneralNames({names: addresses.map((address) => alternativeName(all, address))});
  return [
    keyUsage(all, SIGNS),
    extension(all, OID.extendedKeyUsage, false, purposes.toSchema()),
    ...(addresses.length === 0 ? [] : [extension(all, OID.alternativeNames, false, names.toSchema())]),
  ];
};

const draft = ({pki, ...rest}: Libraries, days: number): Certificate => {
  const certificate = new pki.Certificate();
  certificate.version = 2; // counted from zero
  certificate.serialNumber = serialNumber({pki, ...rest});
  certificate.notBefore.value = new Date(Date.now() - SKEW_MS);
  certificate.notAfter.value = new Date(Date.now() + days * DAY_MS);
  return certificate;
};

const finish = async (
  certificate: Certificate,
  subject: webcrypto.CryptoKeyPair,
  signer: webcrypto.CryptoKey,
): Promise<Pair> => {
  await certificate.subjectPublicKeyInfo.importKey(subject.publicKey);
  await certificate.sign(signer, 'SHA-256');
  return {
    cert: pem('CERTIFICATE', certificate.toSchema(true).toBER()),
    key: pem('PRIVATE KEY', await globalThis.crypto.subtle.exportKey('pkcs8', subject.privateKey)),
  };
};

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  globalThis.crypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);

/** A certificate authority of its own. */
export const makeAuthority = async (commonName: string, days: number): Promise<Pair> => {
  const all = await libraries();
  const keys = await newKeys();
  const certificate = draft(all, days);
  certificate.subject.typesAndValues = name(all, commonName);
  certificate.issuer.typesAndValues = name(all, commonName);
  certificate.extensions = authorityExtensions(all);
  return finish(certificate, keys, keys.privateKey);
};

const derOf = (text: string): ArrayBuffer => {
  const {raw} = new X509Certificate(text);
  return raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength) as ArrayBuffer;
};

/** A key, and a certificate for it that the authority has signed. */
export const makeCertificate = async (authority: Pair, wanted: Wanted): Promise<Pair> => {
  const all = await libraries();
  const der = createPrivateKey(authority.key).export({type: 'pkcs8', format: 'der'});
  const signer = await globalThis.crypto.subtle.importKey('pkcs8', der, CURVE, false, ['sign']);
  const certificate = draft(all, wanted.days);
  certificate.subject.typesAndValues = name(all, wanted.commonName);
  certificate.issuer = all.pki.Certificate.fromBER(derOf(authority.cert)).subject;
  certificate.extensions = leafExtensions(all, wanted);
  return finish(certificate, await newKeys(), signer);
};

const privateKey = (text: string): KeyObject | undefined => {
  try {
    return createPrivateKey(text);
  } catch {
    return undefined;
  }
};

/** What is wrong with a certificate that we have; undefined when it does for all of that. */
export const faultOf = (pair: Pair, authority: string, addresses: readonly string[]): string | undefined => {
  try {
    const cert = new X509Certificate(pair.cert);
    const key = privateKey(pair.key);
    if (!key || !cert.checkPrivateKey(key)) return 'its key does not belong to it';
    if (!cert.verify(new X509Certificate(authority).publicKey)) return 'another authority has signed it';
    if (Date.parse(cert.validTo) < Date.now() + DAY_MS) return `it is valid until ${cert.validTo} only`;
    const missing = addresses.find((address) =>
      addressBytes(address) === undefined ? !cert.checkHost(address) : !cert.checkIP(address),
    );
    return missing === undefined ? undefined : `it is not for ${missing}`;
  } catch {
    return 'it cannot be read';
  }
};

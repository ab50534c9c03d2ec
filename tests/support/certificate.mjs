// Self-signed certificates for 127.0.0.1 and localhost, made with openssl.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** {certificate, key} are paths, `ca` is what a client trusts; `name` is the certificate's subject. */
export function makeCertificate(
  name = 'localhost',
  directory = mkdtempSync(path.join(tmpdir(), 'parley-cert-')),
) {
  const certificate = path.join(directory, 'cert.pem');
  const key = path.join(directory, 'key.pem');
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-addext',
      'subjectAltName=DNS:localhost,IP:127.0.0.1',
      '-keyout',
      key,
      '-out',
      certificate,
    ],
    { stdio: 'ignore' },
  );
  return {
    certificate,
    key,
    directory,
    ca: readFileSync(certificate),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

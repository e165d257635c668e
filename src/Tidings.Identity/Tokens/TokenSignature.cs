using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Tidings.Security.Tokens;

/// <summary>JWS compact serialisation (RFC 7515 §5.2 and §7.1): what can be known of a token without its claims.</summary>
internal static class TokenSignature
{
    /// <summary>Checks the signature and decodes the payload, which lies in <paramref name="buffer"/> afterwards; that is at least twice as long as the token.</summary>
    internal static TokenFailure Check(ReadOnlySpan<char> token, TokenKeySet keys, Memory<byte> buffer, out ReadOnlyMemory<byte> payload)
    {
        payload = default;

        // 1. Three parts.
        int first = token.IndexOf('.');
        int last = token.LastIndexOf('.');
        if (first < 0 || first == last || token[(first + 1)..last].Contains('.'))
        {
            return TokenFailure.Malformed;
        }

        // 2. The header says with which of our keys.
        Memory<byte> work = buffer[token.Length..];
        if (!TokenText.TryDecodeBase64Url(token[..first], work.Span, out int length))
        {
            return TokenFailure.Malformed;
        }

        TokenFailure failure = TokenHeader.Read(work[..length], keys, out ulong chosen);
        if (failure != TokenFailure.None)
        {
            return failure;
        }

        // 3. All is base64url before anything is computed over it; hence the signed text is ASCII, one byte per character.
        if (!TokenText.TryDecodeBase64Url(token[(last + 1)..], work.Span, out int signatureLength)
            || !TokenText.TryDecodeBase64Url(token[(first + 1)..last], work.Span[signatureLength..], out length))
        {
            return TokenFailure.Malformed;
        }

        Span<byte> input = buffer.Span[..last];
        Encoding.ASCII.GetBytes(token[..last], input);
        if (!VerifyWithAny(chosen, keys, input, work.Span[..signatureLength]))
        {
            return TokenFailure.Signature;
        }

        payload = work.Slice(signatureLength, length);
        return TokenFailure.None;
    }

    private static bool VerifyWithAny(ulong chosen, TokenKeySet keys, ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature)
    {
        for (; chosen != 0; chosen &= chosen - 1)
        {
            TokenKey key = keys[BitOperations.TrailingZeroCount(chosen)];
            try
            {
                if (signature.Length == key.SignatureLength && key.Verify(input, signature))
                {
                    return true;
                }
            }
            catch (CryptographicException)
            {
                // What the platform cannot even look at is no signature; another key may still fit.
            }
        }

        return false;
    }
}

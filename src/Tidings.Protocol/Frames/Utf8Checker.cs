using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Tidings.Protocol.Frames;

/// <summary>Checks UTF-8 that arrives in pieces, and fails at the first byte that cannot belong to any text (RFC 6455 §8.1).</summary>
internal struct Utf8Checker
{
    // The last one to three bytes of a code point that the pieces so far have begun.
    private uint _tail;
    private byte _tailLength;

    /// <summary>Whether the text so far ends between two code points.</summary>
    public readonly bool IsComplete => _tailLength == 0;

    public void Reset() => _tailLength = 0;

    /// <returns>False where no continuation could make the text valid.</returns>
    public bool Append(ReadOnlySpan<byte> piece)
    {
        if (_tailLength != 0 && !FinishTail(ref piece))
        {
            return false;
        }

        if (piece.IsEmpty)
        {
            return true;
        }

        var whole = piece.Length - BeginningAtEnd(piece);
        return Utf8.IsValid(piece[..whole]) && KeepTail(piece[whole..]);
    }

    // How many bytes at the end may be the beginning of a code point: from the last lead byte on, if it is one of the last three.
    private static int BeginningAtEnd(ReadOnlySpan<byte> piece)
    {
        var last = Math.Min(3, piece.Length);
        for (var n = 1; n <= last; n++)
        {
            var b = piece[^n];
            if (b >= 0xC0)
            {
                var needed = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : 2;
                return needed > n ? n : 0;
            }

            if (b < 0x80)
            {
                return 0;
            }
        }

        return 0;
    }

    private bool KeepTail(ReadOnlySpan<byte> tail)
    {
        if (tail.IsEmpty)
        {
            return true;
        }

        if (Rune.DecodeFromUtf8(tail, out _, out _) != OperationStatus.NeedMoreData)
        {
            return false;
        }

        _tail = 0;
        for (var i = 0; i < tail.Length; i++)
        {
            _tail |= (uint)tail[i] << (8 * i);
        }

        _tailLength = (byte)tail.Length;
        return true;
    }

    private bool FinishTail(ref ReadOnlySpan<byte> piece)
    {
        Span<byte> point = stackalloc byte[4];
        while (!piece.IsEmpty)
        {
            for (var i = 0; i < _tailLength; i++)
            {
                point[i] = (byte)(_tail >> (8 * i));
            }

            point[_tailLength] = piece[0];
            piece = piece[1..];
            var status = Rune.DecodeFromUtf8(point[..(_tailLength + 1)], out _, out _);
            if (status == OperationStatus.Done)
            {
                _tailLength = 0;
                return true;
            }

            if (status != OperationStatus.NeedMoreData)
            {
                return false;
            }

            _tail |= (uint)point[_tailLength] << (8 * _tailLength);
            _tailLength++;
        }

        return true;
    }
}

using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.Pressure;
using Tidings.Protocol;
using Tidings.Quotas;

namespace Tidings.AspNetCore.Api;

/// <summary>The body of a request: its bytes, or the answer where it was refused.</summary>
/// <param name="Bytes">The whole body. It counts against the budget of bodies until the request ends.</param>
/// <param name="Refusal">What to answer; null where the body was read.</param>
internal readonly record struct ApiBody(ReadOnlyMemory<byte> Bytes, IResult? Refusal)
{
    /// <summary>Reads a body. What it holds grows with what has arrived, and is bounded in size, in time, for its sender and in sum.</summary>
    /// <param name="context">The request.</param>
    /// <param name="largest">The most bytes; one more is answered 413.</param>
    /// <param name="server">Whether the request has shown a key of the server: then it has no share of its own.</param>
    /// <param name="tooLarge">The detail of that answer, where it is to say more than the number.</param>
    public static async ValueTask<ApiBody> ReadAsync(HttpContext context, int largest, bool server = false, string? tooLarge = null)
    {
        if (context.Request.ContentLength > largest)
        {
            return TooLarge(largest, tooLarge);
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = largest;
        }

        var tidings = context.RequestServices.GetTidings();
        var sender = server ? Sender.Server : Sender.Of(null, AddressKey.From(context.Connection.RemoteIpAddress));
        var reading = new BodyReading(context, sender, tidings);
        context.Response.RegisterForDispose(reading);
        try
        {
            return await reading.ReadAsync(largest) switch
            {
                BodyOutcome.Read => new ApiBody(reading.Bytes, null),
                BodyOutcome.TooLarge => TooLarge(largest, tooLarge),
                BodyOutcome.TooSlow => new ApiBody(default, Problems.TooSlow($"The body did not arrive within {BodyBudget.Patience.TotalSeconds:0} s.")),
                BodyOutcome.TooMany => Refuse(context, tidings, ErrorCode.TooMany, $"This address sends more than {BodyBudget.PlacesPerSender} bodies at once."),
                BodyOutcome.SenderFull => Refuse(context, tidings, ErrorCode.TooMany, "The bodies and messages that this address is sending hold as much memory as they may."),
                _ => Refuse(context, tidings, ErrorCode.Unavailable, "The bodies that are being received hold as much memory as they may."),
            };
        }
        catch (BadHttpRequestException error) when (error.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return TooLarge(largest, tooLarge);
        }
    }

    private static ApiBody TooLarge(int largest, string? detail) => new(default, Problems.TooLarge(detail ?? $"The body may have at most {largest} bytes."));

    private static ApiBody Refuse(HttpContext context, Edge tidings, ErrorCode code, string detail)
    {
        tidings.Node.Registry.Metrics.RateLimited(RateLimitName.Bodies);
        return new ApiBody(default, Problems.ComeBack(context, code, detail, BodyBudget.RetryAfter, code == ErrorCode.TooMany ? RateLimitName.Ip : null));
    }

    private enum BodyOutcome
    {
        Read,
        TooLarge,
        TooSlow,
        TooMany,
        SenderFull,
        AllFull,
    }

    // What it holds is given back when the request has ended: handlers keep slices of a body for as long.
    private sealed class BodyReading(HttpContext context, Sender sender, Edge tidings) : IDisposable
    {
        private readonly BodyBudget _budget = tidings.Node.Registry.Bodies;
        private readonly BodyBuffer _buffer = new(tidings.Node.Registry.Bodies, sender);
        private readonly CancellationTokenSource _limit = new(Timeout.InfiniteTimeSpan, tidings.Node.Time);
        private bool _waits;

        public ReadOnlyMemory<byte> Bytes => _buffer.Bytes;

        public async ValueTask<BodyOutcome> ReadAsync(int largest)
        {
            // One byte more than may be tells a body of unknown length that is too large.
            var most = (int)Math.Min(context.Request.ContentLength ?? largest + 1L, int.MaxValue);
            try
            {
                while (_buffer.Length < most)
                {
                    if (_buffer.Grow(most) is var grown and not BodyAdmission.Granted)
                    {
                        return grown == BodyAdmission.SenderFull ? BodyOutcome.SenderFull : BodyOutcome.AllFull;
                    }

                    var reading = context.Request.Body.ReadAsync(_buffer.Free, _limit.Token);
                    if (!reading.IsCompleted && !_waits && !TryWait())
                    {
                        await _limit.CancelAsync();
                    }

                    var read = await reading;
                    if (read == 0)
                    {
                        break;
                    }

                    _buffer.Advance(read);
                }

                return _buffer.Length > largest ? BodyOutcome.TooLarge : BodyOutcome.Read;
            }
            catch (ConnectionResetException)
            {
                // Nobody is there to read what is answered.
                return BodyOutcome.TooSlow;
            }
            catch (OperationCanceledException) when (_limit.IsCancellationRequested)
            {
                return _waits ? BodyOutcome.TooSlow : BodyOutcome.TooMany;
            }
            finally
            {
                EndWait();
            }
        }

        public void Dispose()
        {
            _buffer.Dispose();
            _limit.Dispose();
        }

        private bool TryWait()
        {
            _limit.CancelAfter(BodyBudget.Patience);
            return _waits = _budget.TryWait(sender);
        }

        private void EndWait()
        {
            if (_waits)
            {
                _waits = false;
                _budget.EndWait(sender);
            }
        }
    }
}

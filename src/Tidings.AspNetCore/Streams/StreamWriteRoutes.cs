using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Tidings.AspNetCore.Api;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.Streams;

namespace Tidings.AspNetCore.Streams;

/// <summary>Making, appending to and deleting streams. A request that was read is carried out, whether its caller stays or not.</summary>
internal sealed class StreamWriteRoutes(Edge tidings, StreamAccess access)
{
    private const int LongestProducer = 256;
    private const int LongestSeq = 256;

    private StreamEngine Streams => tidings.Node.Streams;

    /// <summary><c>PUT</c>.</summary>
    public async Task<IResult?> CreateAsync(HttpContext context, StreamPath path)
    {
        var (writer, refusal) = await AdmitAsync(context, path);
        if (writer is not { } owner)
        {
            return refusal;
        }

        var (creation, fault) = StreamCreationRequest.Read(context.Request, path, owner);
        if (creation is null)
        {
            return fault;
        }

        if (creation.Fork is { } fork && !await access.AdmitReaderAsync(context, path with { Name = fork.Source }))
        {
            return null;
        }

        var (body, tooMuch) = await ReadAsync(context, owner.IsServer);
        if (tooMuch is not null)
        {
            return tooMuch;
        }

        // A fork's source says what a body is that has no type.
        var isJson = StreamContentType.IsJson(creation.ContentType ?? (creation.Fork is { } from ? (await Streams.FindAsync(from.Source))?.ContentType ?? "" : ""));
        if (isJson && !body.IsEmpty)
        {
            if (StreamJson.Split(body) is not { } messages)
            {
                return Problems.BadRequest("The body is no JSON.");
            }

            body = messages;
        }

        var (made, head) = await Streams.CreateAsync(path.Name, creation with { Bytes = body });
        if (made is not (StreamMade.Yes or StreamMade.Exists))
        {
            return Refuse(context, made);
        }

        var response = context.Response;
        response.ContentType = head!.ContentType;
        StreamAnswer.PutEnd(response, head);
        if (made == StreamMade.Yes)
        {
            response.Headers.Location = UriHelper.BuildAbsolute(context.Request.Scheme, context.Request.Host, context.Request.PathBase, context.Request.Path);
        }

        response.StatusCode = made == StreamMade.Yes ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        return null;
    }

    /// <summary><c>POST</c>.</summary>
    public async Task<IResult?> AppendAsync(HttpContext context, StreamPath path)
    {
        var (writer, refusal) = await AdmitAsync(context, path);
        if (writer is not { } sender)
        {
            return refusal;
        }

        var request = context.Request;
        var (producer, fault) = ReadProducer(request);
        if (fault is not null)
        {
            return Problems.BadRequest(fault);
        }

        var seq = request.Headers[StreamAnswer.Seq];
        if (seq.Count > 1 || seq is [{ Length: > LongestSeq or 0 }])
        {
            return Problems.BadRequest($"{StreamAnswer.Seq} is one text of at most {LongestSeq} characters.");
        }

        var (body, tooMuch) = await ReadAsync(context, sender.IsServer);
        if (tooMuch is not null)
        {
            return tooMuch;
        }

        var closes = StreamAnswer.IsTrue(request, StreamAnswer.Closed);
        if (body.IsEmpty && !closes)
        {
            return Problems.BadRequest("The body is empty: an append has bytes, unless it closes the stream (Stream-Closed: true).");
        }

        if (!body.IsEmpty && request.ContentType is not { Length: > 0 })
        {
            return Problems.BadRequest("Content-Type is missing: it must be the stream's.");
        }

        var append = new StreamAppend(sender, body) { ContentType = request.ContentType, Closes = closes, Producer = producer, Sequence = seq is [{ } sequence] ? sequence : null };
        if (!body.IsEmpty && StreamContentType.IsJson(request.ContentType!))
        {
            if (StreamJson.Split(body) is not { Length: > 0 } messages)
            {
                return await FaultOfAsync(path, append) ?? Problems.BadRequest("The body is no JSON, or an array without elements.");
            }

            append = append with { Bytes = messages };
        }

        return Answer(context, append, await Streams.AppendAsync(path.Name, append));
    }

    /// <summary><c>DELETE</c>.</summary>
    public async Task<IResult?> DeleteAsync(HttpContext context, StreamPath path)
    {
        var (writer, refusal) = await AdmitAsync(context, path);
        return writer is null ? refusal : await Streams.DeleteAsync(path.Name) switch
        {
            true => TypedResults.NoContent(),
            false => StreamAnswer.NotFound,
            null => StreamAnswer.Gone,
        };
    }

    private async ValueTask<(Quotas.Sender? Writer, IResult? Refusal)> AdmitAsync(HttpContext context, StreamPath path)
    {
        if (path.IsReserved)
        {
            return (null, StreamAnswer.Problem(StatusCodes.Status501NotImplemented, "Subscriptions of the Durable Streams protocol are not offered."));
        }

        var admitted = await access.AdmitWriterAsync(context, path);
        return admitted.Writer is null || !path.IsOutput ? admitted
            : (null, StreamAnswer.Problem(StatusCodes.Status405MethodNotAllowed, "Streams under tasks/ are outputs of tasks: their workers write them by POST /api/tasks/{id}/output."));
    }

    private ValueTask<ApiBody> ReadAsync(HttpContext context, bool isServer)
    {
        var most = (int)Streams.Options.AppendBytes;
        return ApiBody.ReadAsync(context, most, isServer, $"An append may have at most {most} bytes (Tidings:Streams:AppendBytes).");
    }

    // What the stream has against it goes before what the body has.
    private async ValueTask<IResult?> FaultOfAsync(StreamPath path, StreamAppend append) => await Streams.FindAsync(path.Name) switch
    {
        null => StreamAnswer.NotFound,
        { IsGone: true } => StreamAnswer.Gone,
        { IsClosed: false } head when !StreamContentType.AreSame(head.ContentType, append.ContentType!) => StreamAnswer.Conflict($"The stream has the type {head.ContentType}."),
        _ => null,
    };

    private static (StreamProducer? Producer, string? Fault) ReadProducer(HttpRequest request)
    {
        var (id, epoch, seq) = (request.Headers[StreamAnswer.ProducerId], request.Headers[StreamAnswer.ProducerEpoch], request.Headers[StreamAnswer.ProducerSeq]);
        if (id.Count == 0 && epoch.Count == 0 && seq.Count == 0)
        {
            return default;
        }

        return id is [{ Length: > 0 and <= LongestProducer } name] && epoch is [var one] && StreamAnswer.Number(one) is { } epochNumber && seq is [var other] && StreamAnswer.Number(other) is { } seqNumber
            ? (new StreamProducer(name, epochNumber, seqNumber), null)
            : (null, $"Producer-Id (1 to {LongestProducer} characters), Producer-Epoch and Producer-Seq (whole numbers below 2^53) come together.");
    }

    private static IResult? Answer(HttpContext context, StreamAppend append, StreamAppended appended)
    {
        var response = context.Response;
        if (appended.Head is { IsGone: false } head)
        {
            StreamAnswer.PutEnd(response, head);
        }

        switch (appended.Verdict)
        {
            case StreamVerdict.Appended or StreamVerdict.Repeated:
                if (append.Producer is not null && appended.Producer is { } producer)
                {
                    Put(response, StreamAnswer.ProducerEpoch, producer.Epoch);
                    Put(response, StreamAnswer.ProducerSeq, producer.Seq);
                }

                response.StatusCode = appended.Verdict == StreamVerdict.Appended && append is { Producer: not null, Bytes.IsEmpty: false } ? StatusCodes.Status200OK : StatusCodes.Status204NoContent;
                return null;
            case StreamVerdict.NotFound:
                return StreamAnswer.NotFound;
            case StreamVerdict.Gone:
                return StreamAnswer.Gone;
            case StreamVerdict.Closed:
                return StreamAnswer.Conflict("The stream is closed.");
            case StreamVerdict.OtherType:
                return StreamAnswer.Conflict($"The stream has the type {appended.Head!.ContentType}.");
            case StreamVerdict.SequenceBehind:
                return StreamAnswer.Conflict($"Stream-Seq must be greater than {appended.Head!.Sequence}.");
            case StreamVerdict.Fenced:
                Put(response, StreamAnswer.ProducerEpoch, appended.Producer!.Epoch);
                return StreamAnswer.Problem(StatusCodes.Status403Forbidden, "The producer was started anew since: its epoch is higher.");
            case StreamVerdict.EpochBegins:
                return Problems.BadRequest("A new Producer-Epoch begins with Producer-Seq 0.");
            case StreamVerdict.ProducerGap:
                Put(response, StreamAnswer.ProducerExpectedSeq, appended.Producer!.Seq + 1);
                Put(response, StreamAnswer.ProducerReceivedSeq, append.Producer!.Seq);
                return StreamAnswer.Conflict("Requests of the producer are missing before this one.");
            case StreamVerdict.TooLarge:
                return Problems.TooLarge("The stream would have more bytes than Tidings:Streams:StreamBytes allows.");
            case StreamVerdict.TooManyProducers:
                return Problems.Create(Protocol.ErrorCode.TooMany, $"A stream knows at most {StreamRules.MostProducers} producers.");
            case StreamVerdict.TooManyWriters:
                return Problems.Create(Protocol.ErrorCode.TooMany, $"At most {StreamShares.MostWriters} users may write a stream, besides the one who made it.");
            default:
                return StreamAnswer.Full(context, appended.Verdict == StreamVerdict.WriterFull);
        }
    }

    private static void Put(HttpResponse response, string header, long number) => response.Headers[header] = number.ToString(CultureInfo.InvariantCulture);

    private static IResult Refuse(HttpContext context, StreamMade made) => made switch
    {
        StreamMade.NoSource => StreamAnswer.Problem(StatusCodes.Status404NotFound, "There is no such stream to fork."),
        StreamMade.SourceGone => StreamAnswer.Conflict("The stream to be forked was deleted."),
        StreamMade.OtherType => StreamAnswer.Conflict("The stream to be forked has another type."),
        StreamMade.NoSuchPlace => Problems.BadRequest("The stream to be forked does not reach to that place, or no message begins there."),
        StreamMade.TooLarge => Problems.TooLarge("The stream would have more bytes than Tidings:Streams:StreamBytes allows."),
        StreamMade.Full or StreamMade.OwnerFull => StreamAnswer.Full(context, made == StreamMade.OwnerFull),
        _ => StreamAnswer.Conflict("Another stream is there: with another type, expiry or source, closed otherwise, or deleted and not free yet."),
    };
}

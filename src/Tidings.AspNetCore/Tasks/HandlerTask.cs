using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.DependencyInjection;
using Tidings.AspNetCore.Handlers;
using Tidings.Rules;
using Tidings.Tasks;

namespace Tidings.AspNetCore.Tasks;

/// <summary>A delegate of the application as a task: each run in a scope of its own.</summary>
[RequiresUnreferencedCode(HandlerJson.Reflection)]
[RequiresDynamicCode(HandlerJson.Reflection)]
internal sealed class HandlerTask(string name, HandlerDelegate handler, HandlerJson json, IServiceScopeFactory scopes)
{
    private static readonly ChannelPeer Nobody = new("", null);

    public async Task<ReadOnlyMemory<byte>> RunAsync(TaskInvocation invocation, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        try
        {
            var returned = await handler.InvokeAsync(
                new HandlerInvocation(Nobody, name, invocation.Data, scope.ServiceProvider, cancellationToken) { Progress = invocation.Progress, Output = invocation.Output });
            return returned is null ? default(ReadOnlyMemory<byte>) : json.Write(returned, handler.Result);
        }
        catch (BindingException error)
        {
            throw new TaskFailedException("Invalid data: " + string.Join(" ", error.Faults.Select(static fault => $"{fault.Field}: {fault.Message}")));
        }
        catch (TargetInvocationException error) when (error.InnerException is { } inner)
        {
            ExceptionDispatchInfo.Throw(inner);
            throw;
        }
    }
}
